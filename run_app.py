"""mixpose: live 3D human pose.  ``python run_app.py --help`` explains the commands."""

from __future__ import annotations

import signal
import sys

if __name__ == "__main__":
    # A Ctrl-C before anything is there to be kept ends the program without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from app.cli import main

    sys.exit(main(sys.argv[1:]))
