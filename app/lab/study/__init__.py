"""Detections of drawn people whose 3D is known exactly, by the shipped detector.

``motion`` cuts captured takes, ``views`` places the webcams, ``observe`` draws the performer and
runs the detector on every picture, ``files`` keeps the result; ``python -m app.lab.study`` runs it.
"""
