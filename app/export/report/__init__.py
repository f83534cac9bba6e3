"""Reports of a motion: ranges of motion, symmetry, repetitions, gait and curves, on one page."""
