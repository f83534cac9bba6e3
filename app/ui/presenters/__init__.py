"""What the window does and says, without a single widget."""
