"""What ends the process, held back or turned into an exception."""

from __future__ import annotations

import os
import signal

import pytest

from reportgen.system.signals import Terminated, exits_raised, raise_endings


def test_an_exit_without_words_is_raised_here_and_not_in_a_fork() -> None:
    before = os._exit
    with exits_raised():
        with pytest.raises(SystemExit) as left:
            os._exit(0)
        assert left.value.code == 0
        child = os.fork()
        if child == 0:
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert os._exit is before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_that_ends_the_process_is_raised_unless_it_is_ignored(number: signal.Signals, code: int) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGHUP)
    try:
        signal.signal(number, signal.SIG_DFL)  # whatever started the tests may have ignored it
        raise_endings()
        with pytest.raises(Terminated) as ended:
            signal.raise_signal(number)
        assert ended.value.exit_code == code
        signal.signal(number, signal.SIG_IGN)  # as nohup does
        raise_endings()
        signal.raise_signal(number)
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGHUP, before[1])
