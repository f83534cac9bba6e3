"""A synthetic person in a room: the demo for users without a camera, and labelled test pictures.

``motion`` computes the position of every joint at any time, ``scene`` draws the person in the
rendering process, and ``source`` provides the pictures together with the exact joints.
"""
