"""Pictures of people drawn from data, whose 3D is known exactly, for training and evaluation."""
