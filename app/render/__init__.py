"""Pictures drawn by Open3D in a process of their own; nothing here knows about Qt.

A child process, because on macOS the window system wants the main thread to itself, because a
missing or broken OpenGL may end the process that meets it, and because Open3D keeps Python's lock
while it draws.  ``client`` is the parent's side, ``child`` the other; importing this package or
``client`` loads neither Open3D nor OpenCV.
"""
