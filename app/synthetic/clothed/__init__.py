"""Realistic synthetic people: bodies of many shapes in MakeHuman's clothes, drawn by a software
renderer.

Needs the extra ``clothed`` (Anny's bodies, moderngl) and a folder of clothes, hair and skin given
by the caller; neither is part of the program.
"""
