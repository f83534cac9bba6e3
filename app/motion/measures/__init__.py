"""What movement laboratories read off motion: ranges of angles, repetitions, steps."""
