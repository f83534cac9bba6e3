"""Presenters: the window's logic and texts, without widgets."""
