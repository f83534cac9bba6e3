"""Detections of drawn people whose 3D is known exactly, by the shipped detector.

``motion`` cuts captured takes, ``views`` places the webcams, ``observe`` draws the performer, runs
the detector on every picture and keeps the result; ``python -m app.lab.study`` runs it.
"""
