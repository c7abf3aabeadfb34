"""From the command line to the supervisor, which must stay small: it takes the place of the process that parsed."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from crawdad.app.invocation import Invocation


def environment_with(invocation: Invocation, port: int | None, bind: str | None) -> dict[str, str]:
    """The environment in which the options `--port` and `--bind` mean the same to every later process."""
    environment = dict(invocation.launch.environment)
    if port is not None:
        environment["CRAWDAD_PORT"] = str(port)
    if bind is not None:
        environment["CRAWDAD_BIND"] = bind
    return environment


def become_supervisor(invocation: Invocation, port: int | None = None, bind: str | None = None) -> NoReturn:
    """Replace this process by the supervisor."""
    # -P: what lies in the working directory must not shadow a module.
    command = [sys.executable, "-P", "-m", "crawdad.app.supervisor", *invocation.launch.options()]
    command += ["--json"] if invocation.output.as_json else []
    os.execve(sys.executable, command, environment_with(invocation, port, bind))
