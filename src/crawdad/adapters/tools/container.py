"""The command lines of Docker or Podman, with a fixed profile. Pure.

Programs of one place share a container that does nothing itself; each is run in it beside the others. Nothing in a command line
comes from a call but the words that run inside, the variables and the directory below the workspace.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.programs import INSIDE, ProgramOrder
from crawdad.core.text import Text

PREFIX = "crawdad-sandbox-"
_RUN = "SANDBOX_RUN"
"""Stands in the environment of a program and of all that it starts: that is how they are found again."""
_KEEPER = "keeper"
"""Whose the processes are that keep the container running."""
_NETWORKS = ("none", "bridge")
_IMAGE = re.compile(r"[a-z0-9][A-Za-z0-9._/:@-]{0,254}")
_USER = re.compile(r"[0-9]{1,10}(:[0-9]{1,10})?")
_NOT_IN_A_MOUNT = ","
_END = f"""for one in /proc/[0-9]*; do
cat "$one/environ" >/dev/null 2>&1 || continue
whose=$(tr '\\0' '\\n' < "$one/environ" 2>/dev/null | grep '^{_RUN}=')
[ "$one" = /proc/1 ] && continue
if [ -z "$whose" ] || [ "$whose" = "{_RUN}=$0" ]; then kill -s KILL "${{one#/proc/}}" 2>/dev/null; fi
done
exit 0"""
"""Ends what is of one run, and what has thrown its mark away."""


def container_name(order: ProgramOrder, installation: str) -> str:
    """The name of the container that a program belongs in: the same for one installation, place, workspace and profile."""
    kept = order.confinement
    told = [installation, kept.place, order.workspace, kept.access, kept.container.model_dump(mode="json")]
    return PREFIX + hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:24]


def creating_argv(program: str, order: ProgramOrder, name: str) -> list[str]:
    """Begins the container. `program` is docker or podman. Raises BAD_REQUEST for settings that would loosen the profile."""
    kept = order.confinement
    profile = kept.container
    if profile.network not in _NETWORKS:  # never another container's, never the host's
        raise _refused("network", profile.network)
    if not _IMAGE.fullmatch(profile.image) or not _USER.fullmatch(profile.user):
        raise _refused("image", profile.image)
    argv = [program, "run", "--detach", "--rm", "--init", "--name", name, "--network", profile.network]
    argv += ["--read-only", "--tmpfs", "/tmp:rw,noexec,nosuid,nodev,size=64m,mode=1777", "--cap-drop", "ALL"]
    argv += ["--security-opt", "no-new-privileges", "--pids-limit", str(profile.pids_limit), "--user", profile.user]
    argv += ["--memory", profile.memory, "--memory-swap", profile.memory, "--cpus", f"{profile.cpus:g}"]
    argv += ["--pull", "never", "--ipc", "private", "--hostname", "sandbox", "--entrypoint", "sleep"]
    argv += ["--env", f"{_RUN}={_KEEPER}"]
    if kept.access != "none":
        if _NOT_IN_A_MOUNT in order.workspace:
            raise _refused("workspace", order.workspace)
        mount = f"type=bind,source={order.workspace},target={INSIDE}"
        argv += ["--mount", mount + (",readonly" if kept.access == "ro" else "")]
        argv += ["--workdir", INSIDE]
    return [*argv, profile.image, "infinity"]


def running_argv(program: str, order: ProgramOrder, words: Sequence[str], name: str) -> list[str]:
    """Runs a program in the container."""
    kept = order.confinement
    argv = [program, "exec", "-i"]
    if order.terminal:
        argv.append("-t")
    argv += ["--user", kept.container.user]
    if kept.access != "none":
        argv += ["--workdir", INSIDE + order.cwd.removeprefix(order.workspace.rstrip("/"))]
    for variable, value in order.variables.items():
        if variable not in ("PATH", "HOME", "PWD", "SHELL", "USER", "LOGNAME", "TMPDIR"):
            argv += ["--env", f"{variable}={value}"]
    for variable in order.secrets:
        if variable not in order.variables:  # by name alone: everybody may read what stands in a command line
            argv += ["--env", variable]
    return [*argv, "--env", "HOME=/tmp", "--env", f"{_RUN}={order.name}", name, *words]


def ending_argv(program: str, order: ProgramOrder, name: str) -> list[str]:
    """Ends a program and all that it started in the container; the end of its client is not theirs. Needs a shell there."""
    return [program, "exec", "--user", order.confinement.container.user, name, "sh", "-c", _END, order.name]


def looking_argv(program: str, name: str) -> list[str]:
    """Tells the processes in the container, a line each behind a head."""
    return [program, "top", name]


IDLE_LINES = 3
"""A head, the first process and `sleep`: nothing runs in there."""


def removing_argv(program: str, name: str) -> list[str]:
    """Takes the container away, with whatever runs in it."""
    return [program, "rm", "--force", name]


def _refused(option: str, value: str) -> GatewayError:
    words = Text("exec.sandbox_refused", {"option": option, "value": value[:200]})
    return GatewayError(ErrorKind.BAD_REQUEST, words, {"param": f"sandbox.{option}"})
