"""A report on one page: what moved how far, how often and how evenly, to read, print and keep."""
