"""Who listens on a port that we wanted, and what to do about it."""

from __future__ import annotations

import errno
import os

from crawdad.app.listening import AddressError
from crawdad.app.words import words


def holder_of(port: int) -> tuple[str, int] | None:
    """Name and process id of the program listening on TCP `port`; None where the system does not tell."""
    import psutil

    try:
        connections = psutil.net_connections("tcp")
        pids = [each.pid for each in connections if each.status == psutil.CONN_LISTEN and each.laddr.port == port]
        pid = next((pid for pid in pids if pid is not None), None)
        return None if pid is None else (psutil.Process(pid).name(), pid)
    except (psutil.Error, OSError):
        return None


def address_problem(error: AddressError) -> str:
    """The error in words, with the setting that helps."""
    if error.number != errno.EADDRINUSE:
        return words("address.refused", host=error.host, port=error.port, reason=os.strerror(error.number))
    holder = holder_of(error.port)
    name = words("address.holder", name=holder[0], pid=holder[1]) if holder else words("address.holder_unknown")
    return words("address.taken", host=error.host, port=error.port, holder=name, other=error.port + 1)
