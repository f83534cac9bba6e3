"""Realistic clothed people: bodies of many shapes in MakeHuman's clothes, drawn by a software
renderer.

Needs the extra ``clothed`` (Anny's bodies, moderngl) and a folder of clothes, hair and skin that is
given by whoever draws; nothing of either is part of the program.
"""
