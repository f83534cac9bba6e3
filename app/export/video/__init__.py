"""The parts of the MP4 export: two panes, side by side, and the encoder.

They use OpenCV and Open3D, not Qt.
"""
