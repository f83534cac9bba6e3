"""Detections of synthetic people, whose 3D is known exactly, by the shipped detector.

``motion`` cuts captured takes, ``views`` places the webcams, ``observe`` renders the people, runs
the detector on every picture and saves the result; ``python -m app.lab.study`` runs it.
"""
