"""A synthetic person in a room: the demo for people without a camera, and labelled test pictures.

``motion`` says where every joint is at any time, ``scene`` draws it in the rendering process, and
``source`` hands out the pictures together with the exact joints.
"""
