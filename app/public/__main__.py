"""The installed command, ``mixpose`` or ``python -m mixpose``; a checkout's is ``run_app.py``."""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """Run what the command line asks for and return the exit code."""
    # A Ctrl-C before anything is there to be kept ends the program without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from app.cli import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
