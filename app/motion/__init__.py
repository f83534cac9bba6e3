"""Lifted motion as data, and what can be done with it before it is drawn or exported.

Numbers in, numbers out: no camera, no screen, no file.
"""
