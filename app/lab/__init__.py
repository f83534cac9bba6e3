"""How accurate and how fast the program is, and the detector's answers to people that are drawn."""
