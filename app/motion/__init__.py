"""Lifted motion as data, and its processing before it is drawn or exported.

Works on arrays only: no camera, no screen, no file.
"""
