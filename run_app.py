"""mixpose: live 3D human pose.  ``python run_app.py --help`` explains the commands."""

from __future__ import annotations

import sys

from app import startup

startup.prepare()  # also in the child processes, which import this file under another name

if __name__ == "__main__":
    try:
        from app.cli import main

        code = main(sys.argv[1:])
    except KeyboardInterrupt:  # before main could listen for it
        code = 130
    sys.exit(code)
