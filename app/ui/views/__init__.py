"""Views: the window's widgets; the presenters make every decision."""
