"""What happens in a run, as clients of the control channel are told of it: `agent` and `chat` events. Pure.

The text in both is all that was said so far; after a tool's call the agent begins to speak anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crawdad.core.agents import RunEvent, RunState
from crawdad.core.parts import JsonObject

AGENT, CHAT = "agent", "chat"
SILENT = "NO_REPLY"
CHAT_SECONDS = 0.15
"""How often `chat` tells of the same run at most; the end is told in any case."""


@dataclass(frozen=True, slots=True)
class RunNames:
    """How a run is called. `asked_key` is the session as whoever began it wrote it, `full`: results of tools are told whole."""

    run_id: str
    session_key: str
    asked_key: str = ""
    full: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """One event. `own`: it is for whoever began the run alone."""

    event: str
    payload: JsonObject
    own: bool = False


def chat_message(text: str, at: float) -> JsonObject:
    """Something that the agent said."""
    return {"role": "assistant", "content": [{"type": "text", "text": text}], "timestamp": round(at * 1000)}


class TurnTeller:
    """Tells one run. `number` is where the count of its events begins, other than 0 where another process began to tell."""

    def __init__(self, names: RunNames, number: int = 0) -> None:
        self._names = names
        self._number = number
        self._text = ""
        self._thought = ""
        self._fresh = False
        self._chat_at = float("-inf")
        self._chat_text = ""

    def tell(self, event: RunEvent) -> Sequence[Told]:
        """What clients are told of an event; `ended` tells of the end."""
        if event.kind == "assistant":
            return self._said(event)
        if event.kind == "thinking":
            self._thought += str(event.data["delta"])
            return [self._agent(event.at, "thinking", {"text": self._thought, "delta": event.data["delta"]})]
        if event.kind == "tool":
            self._fresh, self._thought = True, ""
            return [self._agent(event.at, "tool", self._tool(event.data), own=True)]
        if event.kind == "compaction":
            return [self._agent(event.at, "compaction", _compaction(event.data))]
        if event.kind == "lifecycle" and event.data.get("phase") == "start":
            return [self._agent(event.at, "lifecycle", {"phase": "start", "startedAt": round(event.at * 1000)})]
        return ()

    def ended(self, state: RunState, at: float, stop_reason: str = "rpc") -> Sequence[Told]:
        """What clients are told at the end."""
        ended_at = round(at * 1000)
        if state.status == "cancelled":
            agent = self._agent(at, "lifecycle", {"phase": "end", "endedAt": ended_at, "aborted": True})
            rest: JsonObject = {"state": "aborted", "stopReason": stop_reason}
            if self._text:
                rest["message"] = chat_message(self._text, at)
            return [agent, self._chat(rest, self._names.asked_key or self._names.session_key)]
        if state.status in ("failed", "interrupted"):
            words = state.error or state.status
            data = {"phase": "error", "error": words, "endedAt": ended_at}
            return [
                self._agent(at, "lifecycle", data),
                self._chat({"state": "error", "errorMessage": words}, self._names.session_key),
            ]
        agent = self._agent(at, "lifecycle", {"phase": "end", "endedAt": ended_at})
        text = state.text.strip()
        said = {} if text in ("", SILENT) else {"message": chat_message(state.text, at)}
        return [agent, self._chat({"state": "final", **said}, self._names.session_key)]

    def _said(self, event: RunEvent) -> Sequence[Told]:
        if self._fresh:
            self._text = self._chat_text = ""
            self._fresh = False
        delta = str(event.data["delta"])
        self._text += delta
        told = [self._agent(event.at, "assistant", {"text": self._text, "delta": delta})]
        # The beginning of the word for silence is not shown: nobody is to see it come and go.
        if not SILENT.startswith(self._text.strip()) and event.at - self._chat_at >= CHAT_SECONDS:
            news = self._text[len(self._chat_text) :]
            self._chat_at, self._chat_text = event.at, self._text
            message = chat_message(self._text, event.at)
            told.append(self._chat({"state": "delta", "message": message, "deltaText": news}, self._names.session_key))
        return told

    def _tool(self, data: JsonObject) -> JsonObject:
        told: JsonObject = {"phase": data["phase"], "name": data.get("name", ""), "toolCallId": data.get("callId", "")}
        if data["phase"] == "start":
            return {**told, "args": data.get("arguments") or {}}
        if data["phase"] == "update":
            return {**told, "partialResult": data.get("text", "")} if self._names.full else told
        told["isError"] = bool(data.get("isError"))
        if self._names.full:
            content = [{"type": "text", "text": data.get("text", "")}]
            told["result"] = {"content": content, "details": data.get("details") or {}}
        return told

    def _agent(self, at: float, stream: str, data: JsonObject, *, own: bool = False) -> Told:
        self._number += 1
        payload: JsonObject = {"runId": self._names.run_id, "stream": stream, "data": data}
        payload |= {"sessionKey": self._names.session_key, "seq": self._number, "ts": round(at * 1000)}
        return Told(AGENT, payload, own)

    def _chat(self, rest: JsonObject, key: str) -> Told:
        return Told(CHAT, {"runId": self._names.run_id, "sessionKey": key, "seq": self._number, **rest})


def _compaction(data: JsonObject) -> JsonObject:
    if data.get("phase") == "start":
        return {"phase": "start"}
    return {"phase": "end", "willRetry": bool(data.get("willRetry"))}
