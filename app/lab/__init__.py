"""Evaluation of accuracy, benchmarks of speed, and studies of the detector on synthetic people."""
