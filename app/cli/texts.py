"""The long help of ``record`` and ``export``."""

from __future__ import annotations

from typing import Final

RECORD: Final = """\
Record a camera, a stream, the performer or a video without a window.

NAME.mixpose is on the disk from its first frame on: whatever ends the program, the recording opens
again with at most a second lost. A name that is in use gets a number. When the recording has ended
its 3D poses are computed at full quality and kept with it, as the window does."""

RECORD_EXAMPLES: Final = """\
examples:
  python run_app.py record --source 0 -o walk                the first camera, until Ctrl-C
  python run_app.py record --source C920 -o takes/ --video   with its pictures, named by the time
  python run_app.py record --source performer -o demo --seconds 10

Ctrl-C ends the recording and lifts it; a second Ctrl-C quits at once and keeps it unlifted. A
camera or stream that is lost is waited for, and the gap stands in the times. With room on the disk
for less than 2 minutes the recording ends by itself.

exit codes:
  0    recorded, and lifted unless --no-lift
  1    it ended by itself before its time, or could not be lifted; what was recorded is kept
  2    nothing was recorded; the reason is printed in one line
  70   a fault in the program itself; the line printed says where the log is
  130  stopped by Ctrl-C; what was recorded is kept"""

EXPORT: Final = """\
Write the 3D poses of a recording to a file of another format.

A recording that was interrupted is opened as far as it goes, and what was recovered is said. If it
has no 3D poses yet, or not those the options ask for, they are computed first and kept with it."""

EXPORT_EXAMPLES: Final = """\
examples:
  python run_app.py export walk -o walk.csv
  python run_app.py export takes/walk.mixpose --to csv -o tables/
  python run_app.py export walk -o walk.csv --height 1.68

exit codes:
  0    written
  2    nothing was written; the reason is printed in one line
  70   a fault in the program itself; the line printed says where the log is
  130  stopped by Ctrl-C; nothing was written"""
