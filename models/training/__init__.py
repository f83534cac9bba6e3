"""Training of our weights: motion, virtual cameras, simulated detector errors, losses, the loop."""
