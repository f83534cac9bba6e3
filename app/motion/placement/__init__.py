"""Placement of a person in the room: the pelvis' position, the floor, the vertical."""
