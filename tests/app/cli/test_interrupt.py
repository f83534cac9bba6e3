from __future__ import annotations

import os
import signal

import pytest

from app.cli.exits import Interrupt

if os.name == "nt":
    pytest.skip("POSIX signals", allow_module_level=True)

ALL = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.mark.parametrize("number", ALL)
def test_the_first_signal_is_noted_and_the_second_left_to_the_system(
    number: signal.Signals,
) -> None:
    before = {each: signal.getsignal(each) for each in ALL}
    with Interrupt() as interrupt:
        assert interrupt.signal is None
        os.kill(os.getpid(), number)
        assert interrupt.signal == number
        assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        os.kill(os.getpid(), signal.SIGHUP)  # a closed terminal, then its shell
        assert interrupt.signal == number
    assert {each: signal.getsignal(each) for each in before} == before


def test_under_nohup_a_closed_terminal_is_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupt() as interrupt:
            os.kill(os.getpid(), signal.SIGHUP)
            assert interrupt.signal is None
    finally:
        signal.signal(signal.SIGHUP, before)
