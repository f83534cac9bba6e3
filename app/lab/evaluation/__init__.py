"""How accurate the lifter is: one table over all the material that is at hand.

``run.main`` is what ``run_app.py evaluate`` runs.  Readers turn datasets into ``material.Footage``,
``methods`` turn footage into poses, ``models.scores`` scores them.
"""
