"""How right and how fast the program is, and what the detector says of people that are drawn."""
