"""Measures of movement laboratories: ranges of angles, repetitions, steps."""
