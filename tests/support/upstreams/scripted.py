"""A vendor of every protocol at once whose models play stories: `story:<name>` plays `STORIES[name]`."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from tests.support.upstreams import services
from tests.support.upstreams.cuts import Cut
from tests.support.upstreams.loopback import LoopbackServer, Received, Reply
from tests.support.upstreams.protocols import Ask, asked, error_body
from tests.support.upstreams.speakers import SPEAKERS, STREAM_TYPE
from tests.support.upstreams.stories import STORIES, Heard, Stamp, Story, turn_for

PREFIX = "story:"


class Hold:
    """Keeps streams waiting before their event number `after`. `reached` is set once one waits."""

    def __init__(self, after: int) -> None:
        self.after = after
        self.reached = threading.Event()
        self.open = asyncio.Event()


class ScriptedUpstream(LoopbackServer):
    """Plays `stories`, streamed or whole, in whatever protocol the path says; tool loops go on when results arrive.

    `cut` tears streams into other pieces than one per event. Unknown models get the vendor's 404.
    """

    def __init__(self, stories: Mapping[str, Story] = STORIES, cut: Cut | None = None) -> None:
        super().__init__()
        self.stories = dict(stories)
        self.cut = cut
        self._hold: Hold | None = None
        self._numbers = itertools.count(1)
        self._rounds_before: dict[str, int] = {}

    @property
    def models(self) -> list[str]:
        """The names of all models."""
        return [PREFIX + name for name in self.stories]

    @contextmanager
    def holding(self, after: int) -> Iterator[Hold]:
        """Streams that begin in this context stop after so many events, and go on when `release` is called or it is left."""
        self._hold = Hold(after)
        try:
            yield self._hold
        finally:
            self.release()

    def release(self) -> None:
        """Let what is held go on."""
        hold, self._hold = self._hold, None
        if hold is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(hold.open.set)

    def asked(self, request: Received) -> Ask | None:
        """What a request asks a model for; None for every other path."""
        return asked(request)

    async def answer(self, request: Received, reply: Reply) -> None:
        """The next turn of the story, or a canned answer of another service."""
        ask = self.asked(request)
        if ask is None:
            if not await services.serve(request, reply, tuple(self.models)):
                await reply.whole(404, error_body("chat", 404, f"unknown path {request.path}"))
            return
        story = self.stories.get(ask.model.removeprefix(PREFIX))
        if story is None:
            await reply.whole(404, error_body(ask.protocol, 404, f"The model `{ask.model}` does not exist"))
            return
        stamp = Stamp(next(self._numbers))
        turn = turn_for(story, self._hear(ask, stamp))
        speaker = SPEAKERS[ask.protocol]
        if not ask.stream:
            await reply.whole(200, speaker.whole(turn, ask, stamp), {"x-request-id": stamp.id("req_")})
            return
        await reply.begin(200, {"content-type": STREAM_TYPE[ask.protocol], "x-request-id": stamp.id("req_")})
        events, hold = speaker.stream(turn, ask, stamp), self._hold
        for number, piece in enumerate(self.cut(b"".join(events)) if self.cut else events):
            if hold is not None and number == hold.after:
                hold.reached.set()
                await hold.open.wait()
            await reply.send(piece)
        await reply.end()

    def _hear(self, ask: Ask, stamp: Stamp) -> Heard:
        """What was said; a response that continues a stored one goes on where that one was."""
        heard = SPEAKERS[ask.protocol].hear(ask)
        if ask.protocol != "responses":
            return heard
        before = self._rounds_before.get(ask.body.get("previous_response_id") or "", 0)
        heard = replace(heard, rounds=before + heard.rounds) if heard.rounds else heard
        self._rounds_before[stamp.id("resp_", length=48)] = heard.rounds
        return heard
