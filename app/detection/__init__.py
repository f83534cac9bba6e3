"""2D joints of the tracked person from pictures; the only package that uses MediaPipe.

``Detector`` is its main class.  Several people may be in view; one of them is tracked.
"""
