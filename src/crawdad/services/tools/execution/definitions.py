"""What models are told of `exec` and `process`."""

from __future__ import annotations

from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.core.tools import ToolDefinition

ACTIONS = ("list", "poll", "log", "write", "send-keys", "submit", "paste", "kill", "clear", "remove")
_LONGEST_POLL_MS = 120_000


def _of(kind: str, description: str, **more: Any) -> JsonObject:
    return {"type": kind, "description": description, **more}


_TEXTS = {"type": "array", "items": {"type": "string"}}

EXEC = ToolDefinition(
    name="exec",
    description=(
        "Run a program in the workspace. There is no shell: no pipes, redirections, globs, variables or `&&`; give one "
        "program and its arguments, as `command` or, without any quoting, as `argv`. Text for its standard input goes "
        "into `input`. What is not on the allowlist waits for the operator's approval. A program that is still running "
        "after yieldMs goes on in the background; look after it with `process`."
    ),
    parameters={
        "type": "object",
        "properties": {
            "command": _of("string", "The program and its arguments, quoted as for a POSIX shell."),
            "argv": {**_TEXTS, "description": "Instead of command: the words themselves.", "maxItems": 1000},
            "workdir": _of("string", "Where to run it; the workspace when left out."),
            "env": _of("object", "More environment variables.", additionalProperties={"type": "string"}),
            "input": _of("string", "What it reads from its standard input.", maxLength=1_000_000),
            "keepInput": _of("boolean", "Keep its standard input open, to be fed with process write."),
            "yieldMs": _of(
                "integer", "How long to wait before it goes on in the background.", minimum=1, maximum=600_000
            ),
            "background": _of("boolean", "Do not wait at all."),
            "timeout": _of("number", "Seconds after which it is ended.", minimum=0.1),
            "pty": _of("boolean", "Give it a terminal."),
            "elevated": _of("boolean", "Outside the sandbox, for those who may."),
            "host": _of("string", "Where it runs.", enum=["sandbox", "gateway", "node"]),
            "security": _of("string", "Stricter than configured.", enum=["deny", "allowlist", "full"]),
            "ask": _of("string", "Stricter than configured.", enum=["off", "on-miss", "always"]),
            "node": _of("string", "Not used."),
        },
        "additionalProperties": False,
    },
    group="runtime",
)

PROCESS = ToolDefinition(
    name="process",
    description=(
        "Look after programs that exec left in the background: list, poll (new output, waiting up to `timeout` ms), log "
        "(by lines), write, send-keys, submit, paste, kill, clear (its output), remove."
    ),
    parameters={
        "type": "object",
        "properties": {
            "action": _of("string", "What to do.", enum=list(ACTIONS)),
            "sessionId": _of("string", "Which one; for everything but list."),
            "data": _of("string", "write: the text.", maxLength=1_000_000),
            "keys": {**_TEXTS, "description": "send-keys: names such as Enter, C-c, Up.", "maxItems": 200},
            "hex": {**_TEXTS, "description": "send-keys: bytes in hexadecimal.", "maxItems": 1000},
            "literal": _of("string", "send-keys: text as it stands.", maxLength=100_000),
            "text": _of("string", "paste: the text.", maxLength=1_000_000),
            "bracketed": _of("boolean", "paste: between the marks of a bracketed paste."),
            "eof": _of("boolean", "write: this is the end of its input."),
            "offset": _of("integer", "log: the first line, from 0; left out, the last ones.", minimum=0),
            "limit": _of("integer", "log: how many lines.", minimum=1, maximum=5000),
            "timeout": _of("integer", "poll: milliseconds to wait.", minimum=0, maximum=_LONGEST_POLL_MS),
        },
        "required": ["action"],
        "additionalProperties": False,
    },
    group="runtime",
)
