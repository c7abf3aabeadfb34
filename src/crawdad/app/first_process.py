"""Being the first process of a container (PID 1), without another program for that.

The first process inherits every orphan, such as what an agent's program left in the background, and must fetch its exit code,
or it stays a zombie for ever. Signals without a handler do not reach it. So the first process does nothing else: it starts
a second one that goes on, hands it the signals, fetches whatever ends, and ends with it. Standard library only.
"""

from __future__ import annotations

import os
import signal
import sys

_HANDED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


def step_aside() -> None:
    """Where this is the first process: return in a second one. Otherwise do nothing."""
    if os.getpid() == 1:
        guard()


def guard() -> None:
    """Return in a child; the parent watches over it and ends with its exit code (128 and the number, for a signal)."""
    watched = {*_HANDED_ON, signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    child = os.fork()
    if child == 0:
        # A group of its own: else Ctrl-C would come twice, from the terminal and from the parent, and mean "at once".
        os.setpgid(0, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return
    code = None
    while code is None:
        number = signal.sigwait(watched)
        if number == signal.SIGCHLD:
            code = _fetch_all(child)
        else:
            os.kill(child, number)
    sys.stdout.flush()
    os._exit(code if code >= 0 else 128 - code)


def _fetch_all(child: int) -> int | None:
    """Fetch the exit codes of all that have ended: that of `child`, once it has."""
    code = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if pid == 0:
            return code
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
