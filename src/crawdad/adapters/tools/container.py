"""The command line of Docker or Podman, with a fixed profile. Pure.

Nothing in it comes from a call but the words that run inside, the variables and the directory below the workspace.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.programs import INSIDE, ProgramOrder
from crawdad.core.text import Text

_NETWORKS = ("none", "bridge")
_IMAGE = re.compile(r"[a-z0-9][A-Za-z0-9._/:@-]{0,254}")
_USER = re.compile(r"[0-9]{1,10}(:[0-9]{1,10})?")
_NOT_IN_A_MOUNT = ","


def container_argv(program: str, order: ProgramOrder, words: Sequence[str]) -> list[str]:
    """`program` is docker or podman. Raises BAD_REQUEST for settings that would loosen the profile."""
    kept = order.confinement
    profile = kept.container
    if profile.network not in _NETWORKS:  # never another container's, never the host's
        raise _refused("network", profile.network)
    if not _IMAGE.fullmatch(profile.image) or not _USER.fullmatch(profile.user):
        raise _refused("image", profile.image)
    argv = [program, "run", "--rm", "--init", "-i", "--name", order.name, "--network", profile.network]
    if order.terminal:
        argv.append("-t")
    argv += ["--read-only", "--tmpfs", "/tmp:rw,noexec,nosuid,nodev,size=64m", "--cap-drop", "ALL"]
    argv += ["--security-opt", "no-new-privileges", "--pids-limit", str(profile.pids_limit), "--user", profile.user]
    argv += ["--memory", profile.memory, "--memory-swap", profile.memory, "--cpus", f"{profile.cpus:g}"]
    argv += ["--pull", "never", "--ipc", "private", "--hostname", "sandbox", "--entrypoint", words[0]]
    if kept.access != "none":
        if _NOT_IN_A_MOUNT in order.workspace:
            raise _refused("workspace", order.workspace)
        mount = f"type=bind,source={order.workspace},target={INSIDE}"
        argv += ["--mount", mount + (",readonly" if kept.access == "ro" else "")]
        argv += ["--workdir", INSIDE + order.cwd.removeprefix(order.workspace.rstrip("/"))]
    for name, value in order.variables.items():
        if name not in ("PATH", "HOME", "PWD", "SHELL", "USER", "LOGNAME", "TMPDIR"):
            argv += ["--env", f"{name}={value}"]
    for name in order.secrets:
        if name not in order.variables:  # by name alone: everybody may read what stands in a command line
            argv += ["--env", name]
    argv += ["--env", "HOME=/tmp"]
    return [*argv, profile.image, *words[1:]]


def _refused(option: str, value: str) -> GatewayError:
    words = Text("exec.sandbox_refused", {"option": option, "value": value[:200]})
    return GatewayError(ErrorKind.BAD_REQUEST, words, {"param": f"sandbox.{option}"})
