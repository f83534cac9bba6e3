"""What the shipped detector sees of people whose 3D is known exactly.

``motion`` cuts captured takes, ``views`` places the webcams, ``observe`` draws the performer and
runs the detector on every picture, ``files`` keeps the result; ``python -m app.lab.study`` runs it.
"""
