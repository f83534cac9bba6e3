"""The installed command, ``mixpose`` or ``python -m mixpose``; a checkout's is ``run_app.py``."""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """Run the command line and return the exit code."""
    # Ctrl-C during start-up, when nothing needs saving yet, ends the program without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from app.cli import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
