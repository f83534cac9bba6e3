"""Pictures in, the 2D joints of the person followed out; the only room that knows MediaPipe.

``Detector`` is what others use.  Several people may be in view; one of them is followed.
"""
