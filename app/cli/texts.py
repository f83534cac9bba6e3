"""The long help of the program and its commands."""

from __future__ import annotations

from typing import Final

from app.cli.program import PROGRAM
from app.stream_out.targets import LSL_NAME, NETWORK, VMC_PORT

WINDOW: Final = """\
Live 3D human pose from one webcam, a video or a stream.

Without a command a window opens: the camera picture on the left, the moving 3D skeleton on the
right.  Record, look at it again, and export it from there.  FILE is a video or a recording."""

WINDOW_EXAMPLES: Final = f"""\
examples:
  {PROGRAM}                                window on the first camera
  {PROGRAM} --source performer             window on the built-in person, no camera needed
  {PROGRAM} dance.mp4                      window playing a video
  {PROGRAM} lift dance.mp4 -o dance.csv    3D of a whole video as a table
  {PROGRAM} record --source 0 -o walk      record without a window, until Ctrl-C
  {PROGRAM} export walk -o walk.csv        a recording as a table
  {PROGRAM} stream --source 0 --osc        poses to VSeeFace, Warudo, Unity, ...
  {PROGRAM} lift --help                    more about lift; so for every command"""

LIFT: Final = """\
Turn videos into tables of 3D joint positions, each whole clip at once and at full quality.

OUT.csv gets one row a frame: frame, time_s, tracked, then x, y, z in metres and the confidence of
17 joints.  Beside it OUT.csv.json states units, axes, weights and everything else needed to use it.
Joints that were not seen are empty cells.  Other endings of OUT give other formats, see --to.

A folder is lifted with the folders in it, in several processes.  A second run skips what is done;
what cannot be lifted stops nothing and is listed at the end.  Ctrl-C gives up what is begun."""

LIFT_EXAMPLES: Final = f"""\
examples:
  {PROGRAM} lift dance.mp4 -o dance.csv
  {PROGRAM} lift takes/*.mp4 -o tables/            one table a video, named after it
  {PROGRAM} lift takes/ -o tables/                 a whole folder, several at a time
  {PROGRAM} lift dance.mp4 -o dance.trc                 markers for OpenSim
  {PROGRAM} lift dance.mp4 -o dance.csv --to csv-long   one row a joint
  {PROGRAM} lift dance.mp4 -o film.mp4                  the picture beside the 3D view
  {PROGRAM} lift dance.mp4 -o dance.bvh --for animate --skeleton mixamo
  {PROGRAM} lift takes/ -o study/ --to bids             a dataset for neuroscience
  {PROGRAM} lift dance.mp4 -o dance.csv --height 1.68
  {PROGRAM} lift dance.mp4 -o dance.csv --people all --height 1.82,1.60
  {PROGRAM} lift jump.mov -o jump.csv --rate 240        slow motion, taken at 240 frames/s
  {PROGRAM} lift dance.mp4 -o dance.csv --smooth 6 --rigid-bones --bone thigh=0.42
  {PROGRAM} lift rtsp://10.0.0.7/stream -o walk.csv     until Ctrl-C
  {PROGRAM} lift performer -o demo.csv --seconds 5

Ctrl-C stops reading, lifts what was read so far and keeps it; a second Ctrl-C quits at once.

exit codes:
  0    complete (a damaged video that gave some frames counts, with a warning)
  1    several sources: some are complete, the others are listed at the end
  2    nothing was written; the reason is printed in one line
  70   a fault in the program itself; the line printed says where the log is
  130  stopped by Ctrl-C; what was lifted so far is kept"""

RECORD: Final = """\
Record a camera, a stream, the performer or a video without a window.

NAME.mixpose is on the disk from its first frame on: whatever ends the program, the recording opens
again with at most a second lost. A name that is in use gets a number. When the recording has ended
its 3D poses are computed at full quality and kept with it, as the window does.

Press Enter to mark an event; what you type before it is its label. A script marks events by writing
lines to the standard input of 'record'; a file there, or '< /dev/null', is left alone."""

RECORD_EXAMPLES: Final = f"""\
examples:
  {PROGRAM} record --source 0 -o walk                the first camera, until Ctrl-C
  {PROGRAM} record --source C920 -o takes/ --video   with its pictures, named by the time
  {PROGRAM} record --source performer -o demo --seconds 10
  {PROGRAM} record --source 0 -o walk --lsl          and send the poses live meanwhile
  trigger | {PROGRAM} record --source 0 -o walk      an event for each line of 'trigger'

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

REPORT: Final = """\
Measure a recording or a video: ranges of motion, symmetry, repetitions, walking, curves of all
joint angles, pictures of key moments.  -o FILE.html makes one page that needs no network, with
every number as a table inside; FILE.pdf the same on sheets of paper; FILE.numbers.csv the table
alone.

Positions are smoothed and the person placed in the room first.  Steps and their lengths are as
right as the scale: tell the body height.  On captured walkers before simulated cameras, their scale
told, cadence is off by 1.0 % on average, stride length by 4.9 % (7 cm) and step width by 5 cm; of
takes of 3 to 8 s a fifth are too short for two strides that follow each other ('evaluate --motion'
measures it)."""

REPORT_EXAMPLES: Final = f"""\
examples:
  {PROGRAM} report walk -o walk.html --height 1.68
  {PROGRAM} report squats.mp4 -o squats.pdf
  {PROGRAM} report squats.mp4 -o squats.numbers.csv

exit codes: those of 'export' for a recording, and of 'lift' for a video"""

EXPORT_EXAMPLES: Final = f"""\
examples:
  {PROGRAM} export walk -o walk.csv
  {PROGRAM} export takes/walk.mixpose --to csv -o tables/
  {PROGRAM} export walk -o walk.csv --height 1.68
  {PROGRAM} export walk -o jump.csv --from 12.5 --until 1:02
  {PROGRAM} export walk -o walk.trc --smooth 6 --room
  {PROGRAM} export walk -o walk.glb --for animate --skeleton unreal --fps 60

exit codes:
  0    written
  2    nothing was written; the reason is printed in one line
  70   a fault in the program itself; the line printed says where the log is
  130  stopped by Ctrl-C; nothing was written"""

STREAM: Final = f"""\
Send 3D poses to other programs while they are made, without a window.

--osc speaks the VMC protocol, which VSeeFace, Warudo, Unity, Blender and others receive on port
{VMC_PORT}. --lsl is a stream of the Lab Streaming Layer: 17 joints in the units, axes and order of
the CSV table, stamped with the time each picture was taken. Both need pip install '.[live]'.

At the end the rate, the time from capture to sending, and the poses lost are printed."""

STREAM_EXAMPLES: Final = f"""\
examples:
  {PROGRAM} stream --source 0 --osc                     to this computer, until Ctrl-C
  {PROGRAM} stream --source 0 --osc 192.168.1.20:{VMC_PORT}
  {PROGRAM} stream --source dance.mp4 --lsl --seconds 30
  {PROGRAM} stream --source performer --osc --lsl {LSL_NAME}@{NETWORK}

exit codes:
  0    the video has ended, or the seconds are over
  2    nothing can be sent, or the source has failed; the reason is printed in one line
  70   a fault in the program itself; the line printed says where the log is
  130  stopped by Ctrl-C"""

EVALUATE: Final = """\
Measure how accurate the weights are, beside MediaPipe's own 3D and a guess without depth.

Prints Markdown tables over everything that is at hand: the performer through the detector always,
the rest where it is given.  First the errors of positions, then those of joint angles and of the
level that was found, feet, ranges of motion and gait, people who stand straight, a clip turned any
way up, error and jitter against the delay, and what hidden limbs cost.  What was left out is said
at the end."""
