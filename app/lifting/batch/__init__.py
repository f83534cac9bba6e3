"""Many clips, lifted in parallel in processes of this machine or on a Ray cluster.

Independent of the command line and the window: tasks in, events out.
"""
