"""One turn as it is told: the channel's events put into what a reader wants to see. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Literal, NamedTuple

from crawdad.core.parts import JsonObject
from crawdad.wire.control.client import Event

Kind = Literal["words", "tool", "failure", "question", "break"]
_SHOWN_ARGUMENTS = 160


class Shown(NamedTuple):
    """Something to show: words of the agent, a tool that begins, what failed, a question (`data` is the approval), or the
    end of a line."""

    kind: Kind
    text: str = ""
    data: JsonObject = {}  # noqa: RUF012 - of a tuple that nobody changes


class TurnView:
    """Follows the run `run_id` in the session `session_key`, in which `asked` was said. `status` is empty while it goes on,
    then `final`, `aborted` or `error`."""

    def __init__(self, run_id: str, session_key: str, asked: str = "") -> None:
        self.run_id = run_id
        self.session_key = session_key
        self.asked = asked
        self.status = ""
        self.text = ""
        self.error = ""
        self.tools: list[JsonObject] = []
        self._in_line = False

    def take(self, event: Event) -> Iterator[Shown]:
        """What an event shows; nothing where it is about something else."""
        payload = event.payload
        if event.name == "exec.approval.requested":
            request = payload.get("request") or {}
            if request.get("sessionKey") == self.session_key:
                yield from self._line_end()
                yield Shown("question", str(request.get("command") or ""), payload)
        elif payload.get("runId") != self.run_id:
            return
        elif event.name == "agent":
            data = payload.get("data")
            yield from self._of_agent(str(payload.get("stream")), data if isinstance(data, dict) else {})
        elif event.name == "chat" and payload.get("state") in ("final", "aborted", "error"):
            yield from self._end(payload)

    def _of_agent(self, stream: str, data: JsonObject) -> Iterator[Shown]:
        if stream == "assistant":
            whole, delta = str(data.get("text") or ""), str(data.get("delta") or "")
            if len(whole) <= len(delta):  # it begins to speak anew, after a tool
                yield from self._line_end()
            self.text = whole
            yield from self._say(delta)
        elif stream == "tool" and data.get("phase") == "start":
            yield from self._line_end()
            self.tools.append({"name": data.get("name", ""), "arguments": data.get("args") or {}})
            yield Shown("tool", f"{data.get('name', '')}  {arguments_line(data.get('args') or {})}".rstrip())
        elif stream == "tool" and data.get("phase") == "result" and data.get("isError"):
            yield Shown("failure", str(data.get("name", "")))

    def _end(self, payload: JsonObject) -> Iterator[Shown]:
        self.status = str(payload["state"])
        self.error = str(payload.get("errorMessage") or "")
        final = message_text(payload.get("message"))
        if final.startswith(self.text):
            yield from self._say(final[len(self.text) :])
        elif final.strip() != self.text.strip():
            yield from self._line_end()
            yield from self._say(final)
        self.text = final or self.text
        yield from self._line_end()

    def _say(self, words: str) -> Iterator[Shown]:
        if words:
            self._in_line = True
            yield Shown("words", words)

    def _line_end(self) -> Iterator[Shown]:
        if self._in_line:
            self._in_line = False
            yield Shown("break")


def message_text(message: object) -> str:
    """The words of a message as the channel tells it."""
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part["text"]) for part in parts if isinstance(part, dict) and part.get("text"))


def arguments_line(arguments: object) -> str:
    """What a tool is called with, in one line."""
    if isinstance(arguments, dict) and len(arguments) == 1:
        (value,) = arguments.values()
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    else:
        text = json.dumps(arguments, ensure_ascii=False)
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_ARGUMENTS else f"{line[: _SHOWN_ARGUMENTS - 1]}…"
