"""Pictures in, the 2D joints of the tracked person out; the only package that uses MediaPipe.

``Detector`` is what others use.  Several people may be in view; one of them is tracked.
"""
