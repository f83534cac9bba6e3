"""Pictures drawn by Open3D in a separate process; nothing here knows about Qt.

A child process, because on macOS the window system needs the main thread, because a missing or
broken OpenGL may crash the process, and because Open3D holds the GIL while it draws.  ``client`` is
the parent's side, ``child`` the other; importing this package or ``client`` loads neither Open3D
nor OpenCV.
"""
