"""A vendor that answers with what real vendors once answered: status, headers and exact bytes of recorded exchanges."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from tests.support.goldens import Golden
from tests.support.upstreams.cuts import Cut, events
from tests.support.upstreams.loopback import LoopbackServer, Received, Reply
from tests.support.upstreams.protocols import Protocol, asked, error_body

CHOOSE_HEADER = "x-golden"
CHOOSE_MODEL = "golden:"
_KEPT_HEADERS = ("content-type", "retry-after", "openai-processing-ms")
RECORDED: Mapping[str, Protocol] = {
    "openai-chat": "chat",
    "openai-responses": "responses",
    "anthropic-messages": "anthropic",
    "gemini": "gemini",
    "gemini-vertex": "gemini",
}
"""The files of recorded answers of models, and the protocol of each."""


class ReplayUpstream(LoopbackServer):
    """Serves `goldens`. Which one, in this order: what `next` queued, the header `x-golden: <story>-<step>`, the model name
    `golden:<story>-<step>`, and else the recording whose request body equals the one received (alike recordings take
    turns). A name that two vendors share is made clear with `@<host>`.

    `cut` says in which pieces streams are sent, `spell` how the JSON of whole answers is written. What no recording fits gets a 404 and is kept in `unmatched`.
    """

    def __init__(self, goldens: Iterable[Golden], cut: Cut = events) -> None:
        super().__init__()
        self.cut = cut
        self.spell: Callable[[Any], bytes] = orjson.dumps
        self.unmatched: list[Received] = []
        self.goldens = list(goldens)
        self._queue: deque[Golden] = deque()
        self._by_name: dict[str, list[Golden]] = defaultdict(list)
        self._by_body: dict[tuple[str, bytes], deque[Golden]] = defaultdict(deque)
        for golden in self.goldens:
            self._by_name[str(golden)].append(golden)
            self._by_name[f"{golden}@{golden.host}"].append(golden)
            self._by_body[_key(golden.path, golden.request)].append(golden)

    def next(self, *goldens: Golden) -> None:
        """Answer the next requests with these, whatever they ask."""
        self._queue.extend(goldens)

    def find(self, name: str, protocol: Protocol | None = None) -> Golden:
        """The recording called `name`, of that protocol where several share it. Raises `LookupError`."""
        named = self._by_name.get(name, [])
        fitting = [golden for golden in named if protocol in (None, RECORDED.get(golden.protocol))]
        if not fitting:
            raise LookupError(f"no recording is called {name}")
        return fitting[0]

    def names(self, protocol: Protocol) -> list[str]:
        """The names of all recordings in that protocol."""
        return [
            name
            for name, named in self._by_name.items()
            if "@" not in name and any(RECORDED.get(golden.protocol) == protocol for golden in named)
        ]

    async def answer(self, request: Received, reply: Reply) -> None:
        """The recorded answer."""
        try:
            golden = self._choose(request)
        except LookupError as error:
            self.unmatched.append(request)
            await reply.whole(404, error_body("chat", 404, str(error)))
            return
        headers = {name: golden.headers[name] for name in _KEPT_HEADERS if name in golden.headers}
        if not golden.streamed:
            await reply.whole(golden.status, self.spell(golden.body), headers)
            return
        await reply.begin(golden.status, headers)
        for piece in self.cut(golden.body.encode()):
            await reply.send(piece)
        await reply.end()

    def _choose(self, request: Received) -> Golden:
        if self._queue:
            return self._queue.popleft()
        ask = asked(request)
        if name := request.headers.get(CHOOSE_HEADER):
            return self.find(name, ask.protocol if ask else None)
        if ask and ask.model.startswith(CHOOSE_MODEL):
            return self.find(ask.model.removeprefix(CHOOSE_MODEL), ask.protocol)
        alike = self._by_body.get(_key(request.path, request.json if request.body else None))
        if not alike:
            raise LookupError(f"no recording has this request on {request.path}")
        alike.rotate(-1)
        return alike[-1]


def _key(path: str, body: object) -> tuple[str, bytes]:
    """The last part of the path (which names the operation, and Gemini's model) and the body in one spelling."""
    operation = path.partition("?")[0].rstrip("/").rpartition("/")[2]
    return operation, orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
