"""The long help of the program and its commands."""

from __future__ import annotations

from typing import Final

from app.cli.program import PROGRAM
from app.stream_out.targets import LSL_NAME, NETWORK, VMC_PORT

WINDOW: Final = """\
Live 3D human pose from one webcam, a video or a stream.

Without a command a window opens: the camera picture on the left, the moving 3D skeleton on the
right.  Record, play back and export from there.  FILE is a video or a recording."""

WINDOW_EXAMPLES: Final = f"""\
examples:
  {PROGRAM}                                window on the first camera
  {PROGRAM} --source performer             window on the performer, no camera needed
  {PROGRAM} dance.mp4                      window playing a video
  {PROGRAM} lift dance.mp4 -o dance.csv    3D of a whole video as a table
  {PROGRAM} record --source 0 -o walk      record without a window, until Ctrl-C
  {PROGRAM} export walk -o walk.csv        a recording as a table
  {PROGRAM} stream --source 0 --osc        poses to VSeeFace, Warudo, Unity, ...
  {PROGRAM} lift --help                    more about lift; likewise for every command"""

LIFT: Final = """\
Convert videos to tables of 3D joint positions, at full quality.

OUT.csv gets one row per frame: frame, time_s, tracked, then x, y, z in metres and the confidence of
21 joints.  OUT.csv.json states units, axes, weights and everything else needed to use it.  Joints
that were not detected are empty cells.  Other extensions of OUT give other formats, see --to.

A folder is lifted including its subfolders, in several processes.  A second run skips what is done;
videos that cannot be lifted are listed at the end.  Ctrl-C discards videos that are in progress."""

LIFT_EXAMPLES: Final = f"""\
examples:
  {PROGRAM} lift dance.mp4 -o dance.csv
  {PROGRAM} lift takes/*.mp4 -o tables/            one table per video, named after it
  {PROGRAM} lift takes/ -o tables/                 a whole folder, several at a time
  {PROGRAM} lift dance.mp4 -o dance.trc                 markers for OpenSim
  {PROGRAM} lift dance.mp4 -o dance.csv --to csv-long   one row per joint
  {PROGRAM} lift dance.mp4 -o film.mp4                  the picture next to the 3D view
  {PROGRAM} lift dance.mp4 -o dance.bvh --for animate --skeleton mixamo
  {PROGRAM} lift takes/ -o study/ --to bids             a dataset for neuroscience
  {PROGRAM} lift dance.mp4 -o dance.csv --height 1.68
  {PROGRAM} lift dance.mp4 -o dance.csv --people all --height 1.82,1.60
  {PROGRAM} lift jump.mov -o jump.csv --rate 240        slow motion, taken at 240 frames/s
  {PROGRAM} lift dance.mp4 -o dance.csv --smooth 6 --rigid-bones --bone thigh=0.42
  {PROGRAM} lift rtsp://10.0.0.7/stream -o walk.csv     until Ctrl-C
  {PROGRAM} lift performer -o demo.csv --seconds 5

Ctrl-C stops reading, lifts and keeps what was read so far; a second Ctrl-C quits at once.

exit codes:
  0    complete (also a damaged video with some readable frames, with a warning)
  1    several sources: some are complete, the others are listed at the end
  2    nothing was written; the reason is printed in one line
  70   a fault in the program itself; the line printed says where the log is
  130  stopped by Ctrl-C, 143 by SIGTERM, 129 as the terminal was closed; what was lifted so far
       is kept"""

RECORD: Final = """\
Record a camera, a stream, the performer or a video without a window.

NAME.mixpose is written to disk from its first frame on: however the program ends, at most a second
of the recording is lost. A name that is in use gets a number. After the recording its 3D poses are
computed at full quality and stored with it, as by the window.

Press Enter to mark an event; what you type before it is its label. A script marks events by writing
lines to the standard input of 'record'; a file there, or '< /dev/null', is left alone."""

RECORD_EXAMPLES: Final = f"""\
examples:
  {PROGRAM} record --source 0 -o walk                the first camera, until Ctrl-C
  {PROGRAM} record --source C920 -o takes/ --video   with its pictures, named by the time
  {PROGRAM} record --source performer -o demo --seconds 10
  {PROGRAM} record --source 0 -o walk --lsl          and send the poses live
  trigger | {PROGRAM} record --source 0 -o walk      an event for each line of 'trigger'

Ctrl-C ends the recording and lifts it; a second Ctrl-C quits at once and keeps it unlifted. A
lost camera or stream is waited for, which leaves a gap in the times. When the disk has room for
less than 2 minutes the recording ends automatically.

exit codes:
  0    recorded, and lifted unless --no-lift
  1    it ended prematurely, or could not be lifted; the recording is kept
  2    nothing was recorded; the reason is printed in one line
  70   a fault in the program itself; the line printed says where the log is
  130  stopped by Ctrl-C, 143 by SIGTERM, 129 as the terminal was closed; the recording is kept"""

EXPORT: Final = """\
Write the 3D poses of a recording to a file of another format.

Of an interrupted recording everything that was written is recovered. If there are no 3D poses yet,
or none with these options, they are computed first and stored with the recording."""

REPORT: Final = """\
Measure a recording or a video: ranges of motion, symmetry, repetitions, walking, curves of all
joint angles, skeletons at key moments.  -o FILE.html makes one page that needs no network and
includes all numbers as a table; FILE.pdf the same as pages; FILE.numbers.csv only the table.

Positions are smoothed and the person is placed in the room first.  Step lengths are as accurate as
the scale: give the body height.  For captured walkers and simulated cameras, with known scale, the
mean error of cadence is 1.0 %, of stride length 4.9 % (7 cm) and of step width 5 cm; a fifth of
the takes of 3 to 8 s are too short for two consecutive strides (see 'evaluate --motion')."""

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
  130  stopped by Ctrl-C, 143 by SIGTERM, 129 as the terminal was closed; nothing was written"""

STREAM: Final = f"""\
Send 3D poses to other programs live, without a window.

--osc uses the VMC protocol, which VSeeFace, Warudo, Unity, Blender and others receive on port
{VMC_PORT}. --lsl is a stream of the Lab Streaming Layer: 21 joints in the units, axes and order of
the CSV table, stamped with the capture time of each picture. Both need pip install '.[live]'.

At the end it prints the rate, the latency from capture to sending, and the number of lost poses."""

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
  130  stopped by Ctrl-C, 143 by SIGTERM, 129 as the terminal was closed"""

EVALUATE: Final = """\
Measure the accuracy of weights, compared with MediaPipe's own 3D and a guess without depth.

Prints Markdown tables over all available data: always the performer with real detections, the rest
if given.  First the errors of positions, then of joint angles and of the estimated vertical, feet,
ranges of motion and gait, people who stand straight, a clip rotated in the picture, error and
jitter against the delay, and the effect of hidden limbs.  Parts that were left out are listed at
the end."""
