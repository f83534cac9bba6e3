"""The window: presenters hold the logic and no widgets, views hold the widgets and no logic."""
