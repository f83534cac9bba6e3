"""The parts of the MP4 export: two panes, side by side, and the encoder.

Drawn with OpenCV and Open3D, without Qt.
"""
