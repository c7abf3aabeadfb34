"""`system.run` on its way to a node: what of its params goes there, and the command that an approval must have been given
for. What a client says of being approved goes nowhere by itself. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crawdad.core.errors import bad_request
from crawdad.core.parts import JsonObject

RUN = "system.run"
_FORWARDED = ("command", "rawCommand", "cwd", "env", "timeoutMs", "needsScreenRecording", "agentId", "sessionKey")
_SHELLS = ("sh", "bash", "zsh", "dash", "ksh")
_SHELL_FLAGS = ("-c", "-lc")


def forwarded(params: JsonObject) -> JsonObject:
    """What of the params a node is told."""
    return {name: params[name] for name in _FORWARDED if params.get(name) is not None}


def argv_of(params: JsonObject) -> list[str]:
    """The program and its arguments. Raises BAD_REQUEST."""
    found = params.get("command")
    if not isinstance(found, list) or not found or not all(isinstance(each, str) for each in found) or not found[0]:
        raise bad_request("nodes.no_command", "command")
    return found


def command_text(argv: Sequence[str], raw: Any = None) -> str:
    """The command as it is shown to whoever decides. `raw` may stand for a shell's script, and for nothing else: what is
    shown is what runs. Raises BAD_REQUEST where it says something else."""
    shell = argv[0].rpartition("/")[2] in _SHELLS and len(argv) == 3 and argv[1] in _SHELL_FLAGS
    shown = argv[2] if shell else " ".join(_quoted(each) for each in argv)
    if raw is not None and raw != shown:
        raise bad_request("nodes.other_command", "rawCommand")
    return shown


def _quoted(argument: str) -> str:
    plain = argument and not any(each.isspace() or each in "\"'\\" for each in argument)
    if plain:
        return argument
    return '"' + argument.replace("\\", "\\\\").replace('"', '\\"') + '"'
