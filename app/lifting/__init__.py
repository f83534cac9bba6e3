"""The application layer: detect, lift, process and export clips and recordings.

The command line, the window and the batch only specify options
(:class:`app.lifting.options.LiftOptions`) and present the results.
"""
