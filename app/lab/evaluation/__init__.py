"""Accuracy of the lifter: a report over all available material.

``run.main`` is what ``run_app.py evaluate`` runs.  Readers turn datasets into ``material.Footage``,
``methods`` turn footage into poses, ``models.scores`` scores them.
"""
