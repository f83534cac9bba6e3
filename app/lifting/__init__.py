"""What the program does with clips and recordings: found, lifted, processed, exported.

The command line, the window and the batch only say what they want, in
:class:`app.lifting.options.LiftOptions`, and show what comes of it.
"""
