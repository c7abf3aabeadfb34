"""Asks a gateway whether it is ready: once for `crawdad probe`, for a while as a process of its own beside the supervisor,
whose exit code is 0 when it is. Standard library only."""

from __future__ import annotations

import http.client
import sys
import time

from crawdad.app import exits
from crawdad.app.invocation import Invocation
from crawdad.app.launch import Launch
from crawdad.app.record import read_state
from crawdad.app.words import words

_SECONDS = 30.0
_PAUSE = 0.2
_PORT = 18789
_NEAR = {"0.0.0.0": "127.0.0.1", "::": "::1", "lan": "127.0.0.1", "loopback": "127.0.0.1"}


def is_ready(host: str, port: int, path: str = "/readyz") -> bool:
    """Whether it answers `GET /readyz` (or another path) with 200."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def probe(invocation: Invocation, *, live: bool = False, port: int = 0) -> int:
    """Ask once, and tell: `crawdad probe`. It reads no configuration, so as to be quick."""
    host, known = address(invocation.launch)
    port = port or known
    ready = is_ready(host, port, "/healthz" if live else "/readyz")
    text = words("cli.probe.ready" if ready else "cli.probe.not_ready", host=host, port=port)
    invocation.output.show({"ready": ready, "host": host, "port": port}, text)
    return exits.OK if ready else exits.UNREACHABLE


def address(launch: Launch) -> tuple[str, int]:
    """Where the gateway should listen, as far as its supervisor or the environment tells."""
    state = read_state(launch.home)
    if state and state.get("addresses"):
        host, port = state["addresses"][0]
        return _NEAR.get(host, host), port
    host = launch.environment.get("CRAWDAD_BIND") or "loopback"
    asked = launch.environment.get("CRAWDAD_PORT", "")
    return _NEAR.get(host, host), int(asked) if asked.isdigit() and int(asked) else _PORT


def main() -> int:
    """The process that the supervisor starts: `HOST PORT`."""
    end = time.monotonic() + _SECONDS
    while not is_ready(sys.argv[1], int(sys.argv[2])):
        if time.monotonic() > end:
            return 1
        time.sleep(_PAUSE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
