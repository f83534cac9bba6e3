"""What the MP4 export is made of: two panes, side by side, and the encoder.

Drawn with OpenCV and Open3D; nothing here knows about Qt.
"""
