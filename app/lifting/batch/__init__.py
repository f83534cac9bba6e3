"""Many clips: lifted side by side in processes of this machine, or over a Ray cluster.

Nothing here knows of a command line or a window: tasks in, events out.
"""
