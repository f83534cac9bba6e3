"""What libraries print stays off the terminal of a script; what the script prints does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
NATIVE = (
    "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.",
    "INFO: [environment.cc:36] Creating LiteRT environment with options",
    "WARNING: [model_load.cc:402] Sparsity tensors may not yet be fully supported.",
    "WARNING: Logging before InitGoogle() is written to STDERR",
    "W0000 00:00:1796091260.355661   25086 inference_runner_litert.cc:1433] Not aligned.",
)
"""As mediapipe 1.2.2 prints them."""
_BEGIN = (
    "import logging, os, sys, threading\nfrom app.detection.native_lines import off_the_terminal\n"
)


def printed(script: str, folder: Path, *native: str) -> str:
    """What a script leaves on stderr; ``say()`` in it prints the lines ``native``, as C does."""
    say = f"def say(): [os.write(2, line.encode() + b'\\n') for line in {list(native)!r}]\n"
    ended = subprocess.run(
        [sys.executable, "-c", _BEGIN + say + script],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stderr


def test_native_lines_are_logged_instead(tmp_path: Path) -> None:
    script = (
        "found = []\n"
        "class Kept(logging.Handler):\n"
        "    def emit(self, record): found.append(record.getMessage())\n"
        "log = logging.getLogger('app.printed')\n"
        "log.addHandler(Kept()); log.setLevel('INFO')\n"
        "with off_the_terminal(): say()\n"
        f"assert found == {list(NATIVE)!r}, found\n"
    )
    assert printed(script, tmp_path, *NATIVE) == ""


def test_lines_that_threads_have_torn_are_native_ones_still(tmp_path: Path) -> None:
    """As two threads were seen to print them."""
    torn = (
        "INFO: [cpu_registry.cc:75] registered.INFO: [environment.cc:36] Creating", "",
        "INFO: INFO: [environment.cc:36] Creating LiteRT environment with options",
        "[compiled_model.cc:1022] Flatbuffer model initialized directly",
    )  # fmt: skip
    script = "with off_the_terminal():\n    say()\n    os.write(2, b'\\n[1, 2]\\n')\n"
    assert printed(script, tmp_path, *torn) == "\n[1, 2]\n"


def test_errors_and_whatever_else_is_printed_stay_in_their_order(tmp_path: Path) -> None:
    error = "E0000 00:00:1796091260.355661   25086 graph.cc:12] It broke."
    script = (
        "sys.stderr.write('before\\n')\n"
        "with off_the_terminal():\n"
        "    os.write(2, b' 50%'); os.write(2, b'\\r100%\\n')\n"
        "    say()\n"
        "    print('WARNING: mine', file=sys.stderr)\n"
        "    os.system('echo a child >&2')\n"
        "    os.write(2, b'Warnin')\n"
        "os.write(2, b'g\\n')\n"
        "say()\n"
    )
    after = "\n".join([*NATIVE, error])
    assert printed(script, tmp_path, *NATIVE, error) == (
        f"before\n 50%\n100%\n{error}\nWARNING: mine\na child\nWarning\n{after}\n"
    )


def test_much_is_passed_on_whole_while_python_is_busy(tmp_path: Path) -> None:
    script = (
        "with off_the_terminal():\n"
        "    for number in range(20_000): print('line', number, file=sys.stderr)\n"
    )
    assert printed(script, tmp_path).splitlines() == [f"line {each}" for each in range(20_000)]


def test_blocks_overlap_and_the_last_puts_stderr_back(tmp_path: Path) -> None:
    script = (
        "before = os.fstat(2).st_ino, len(os.listdir('/proc/self/fd'))\n"
        "first, second = off_the_terminal(), off_the_terminal()\n"
        "first.__enter__(); second.__enter__()\n"
        "first.__exit__(None, None, None); say(); second.__exit__(None, None, None)\n"
        "[each.join() for each in threading.enumerate() if each.name == 'native lines']\n"
        "assert (os.fstat(2).st_ino, len(os.listdir('/proc/self/fd'))) == before\n"
    )
    assert printed(script, tmp_path, *NATIVE) == ""


def test_who_redirects_stderr_meanwhile_keeps_it(tmp_path: Path) -> None:
    script = (
        "before = os.dup(2)\n"
        "mine = os.open('mine', os.O_CREAT | os.O_RDWR)\n"
        "with off_the_terminal():\n"
        "    os.dup2(mine, 2)\n"
        "    [each.join() for each in threading.enumerate() if each.name == 'native lines']\n"
        "os.write(2, b'here')\n"
        "assert open('mine').read() == 'here'\n"
        "os.dup2(before, 2)\n"
        "with off_the_terminal(): saved = os.dup(2)\n"
        "os.dup2(saved, 2)\n"
        "say()\n"
        "print('on', file=sys.stderr, flush=True)\n"
        "os.dup2(before, 2); os.close(saved)\n"
        "[each.join() for each in threading.enumerate() if each.name == 'native lines']\n"
    )
    assert printed(script, tmp_path, *NATIVE) == "on\n"


def test_a_process_without_stderr_is_left_alone(tmp_path: Path) -> None:
    script = "os.close(2)\nwith off_the_terminal(): print('here')\n"
    assert printed(script, tmp_path) == ""
