"""What the window looks like; every decision is taken by a presenter."""
