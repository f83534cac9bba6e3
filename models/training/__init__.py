"""Training of our own weights: motion, virtual cameras, a detector's faults, losses, the loop."""
