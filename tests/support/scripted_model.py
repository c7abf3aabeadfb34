"""A model that plays a script: a real HTTP upstream (OpenAI's chat protocol) whose every answer a test has written.

    with ScriptedModel(calls(("clock", {})), says("It is noon.")) as model:
        settings = {"models": {"providers": {"scripted": model.provider()}}}

Answers are given in order, the last one again and again. A function in their place is handed the request and makes one.
`model.asked` holds the requests' bodies.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson

from tests.support.upstreams.loopback import LoopbackServer, Received, Reply
from tests.support.upstreams.protocols import Ask, asked, error_body, provider
from tests.support.upstreams.speakers import SPEAKERS, STREAM_TYPE
from tests.support.upstreams.stories import Call, Piece, Say, Stamp, Think, Tokens, Turn

NAME = "scripted"
MODEL = "model"


@dataclass(frozen=True)
class Fail:
    """An error instead of an answer."""

    status: int
    message: str = "it does not work"
    headers: Mapping[str, str] = field(default_factory=dict)
    code: str | None = None


@dataclass(frozen=True)
class Break:
    """The connection is cut after so many events of the answer."""

    turn: Turn
    after: int


@dataclass(frozen=True)
class Hold:
    """The answer stops before its event number `after` until `gate` is opened; `reached` is set once it waits there."""

    turn: Turn
    after: int = 0
    gate: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Garbled:
    """A call whose arguments begin with this text, and go on with `ts-to-be-garbled":0}`."""

    name: str
    arguments: str


Answer = Turn | Fail | Break | Hold | Garbled
Script = Answer | Callable[[Ask], Answer]
Found = TypeVar("Found")


def says(text: str, *, thinking: str = "", tokens: Tokens | None = None, stop: Any = "end") -> Turn:
    """An answer in words."""
    pieces: tuple[Piece, ...] = (Think(thinking), Say(text)) if thinking else (Say(text),)
    return Turn(pieces, stop, tokens or Tokens())


def calls(*wanted: tuple[str, dict[str, Any]], text: str = "", tokens: Tokens | None = None) -> Turn:
    """An answer that calls tools."""
    said: tuple[Piece, ...] = (Say(text),) if text else ()
    return Turn((*said, *(Call(name, arguments) for name, arguments in wanted)), "tools", tokens or Tokens())


def garbled(name: str, arguments: str = "{not json") -> Garbled:
    """A call whose arguments cannot be read."""
    return Garbled(name, arguments)


class ScriptedModel(LoopbackServer):
    """Plays `script`, whichever of `models` is asked; `by_model` holds scripts of single ones."""

    def __init__(
        self,
        *script: Script,
        models: tuple[str, ...] = (MODEL,),
        by_model: Mapping[str, Sequence[Script]] | None = None,
    ) -> None:
        super().__init__()
        self.models = models
        self.asked: list[Any] = []
        self._news = threading.Condition()
        self._scripts = {model: list((by_model or {}).get(model, script)) for model in models}
        self._numbers = itertools.count(1)

    def provider(self, **more: Any) -> dict[str, Any]:
        """The settings of a provider that it is."""
        return provider("chat", self.url, list(self.models), **more)

    def wait_for(self, look: Callable[[], Found], seconds: float) -> Found:
        """What `look` finds in what was asked, once it finds something; what it finds last, when that takes too long."""
        with self._news:
            return self._news.wait_for(look, seconds)

    def then(self, *script: Script) -> None:
        """What it answers from now on."""
        for model in self.models:
            self._scripts[model] = list(script)

    async def answer(self, request: Received, reply: Reply) -> None:
        """The next answer of the script."""
        ask = asked(request)
        if ask is None or ask.model not in self._scripts:
            await reply.whole(404, error_body("chat", 404, f"no such model or path: {request.path}"))
            return
        with self._news:
            self.asked.append(ask.body)
            self._news.notify_all()
        script = self._scripts[ask.model]
        entry = script.pop(0) if len(script) > 1 else script[0]
        await self._play(entry(ask) if callable(entry) else entry, ask, reply)

    async def _play(self, answer: Answer, ask: Ask, reply: Reply) -> None:
        if isinstance(answer, Fail):
            body = error_body("chat", answer.status, answer.message)
            if answer.code:
                body["error"]["code"] = answer.code
            await reply.whole(answer.status, body, dict(answer.headers))
            return
        mark = "arguments-to-be-garbled"
        if isinstance(answer, Garbled):
            turn = calls((answer.name, {mark: 0}))
        else:
            turn = answer if isinstance(answer, Turn) else answer.turn
        stamp, speaker = Stamp(next(self._numbers)), SPEAKERS["chat"]
        if not ask.stream:
            await reply.whole(200, speaker.whole(turn, ask, stamp))
            return
        await reply.begin(200, {"content-type": STREAM_TYPE["chat"]})
        for number, piece in enumerate(speaker.stream(turn, ask, stamp)):
            if isinstance(answer, Break) and number == answer.after:
                reply.reset()
                return
            if isinstance(answer, Hold) and number == answer.after:
                answer.reached.set()
                while not answer.gate.is_set():
                    await asyncio.to_thread(answer.gate.wait, 0.05)
            if isinstance(answer, Garbled):
                piece = piece.replace(b'"{\\"argumen"', orjson.dumps(answer.arguments))
            await reply.send(piece)
        await reply.end()


def last_text(body: Any) -> str:
    """The last thing that was said to the model: a message's or a result's text."""
    content = body["messages"][-1]["content"]
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def system_text(body: Any) -> str:
    """The system prompt."""
    found = []
    for message in body["messages"]:
        if message["role"] in ("system", "developer"):
            content = message["content"]
            found.append(content if isinstance(content, str) else "".join(part["text"] for part in content))
    return "".join(found)
