"""A vendor that misbehaves on demand, in every protocol: the model `fault:<name>` shows the fault of that name.

Options follow the name: `fault:status,code=503,times=2,after=1`. `times` (for every fault) says how often the fault shows
before the model is healthy; it counts per full model name, so an unused option such as `key=a` keeps tests apart.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.upstreams import services
from tests.support.upstreams.faults import FAULTS, Scene
from tests.support.upstreams.faults.statuses import healthy
from tests.support.upstreams.loopback import LoopbackServer, Received, Reply
from tests.support.upstreams.protocols import asked, error_body

PREFIX = "fault:"


class FaultyUpstream(LoopbackServer):
    """Shows faults. The journal tells when a client gave up (`left_at`), the server how many were there at once."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    @property
    def models(self) -> list[str]:
        """One name for every fault, without options."""
        return [PREFIX + name for name in FAULTS]

    async def answer(self, request: Received, reply: Reply) -> None:
        """Show the fault that the model name asks for."""
        ask = asked(request)
        if ask is None:
            if not await services.serve(request, reply, tuple(self.models)):
                await reply.whole(404, {"error": "unknown path"})
            return
        name, *words = ask.model.removeprefix(PREFIX).split(",")
        options = dict(word.split("=", 1) for word in words)
        fault = FAULTS.get(name)
        if fault is None:
            await reply.whole(404, error_body(ask.protocol, 404, f"no fault is called {name}"))
            return
        scene = Scene(ask, request, reply, options, self.asked[ask.model], self.url, fault.story)
        self.asked[ask.model] += 1
        over = "times" in options and scene.count >= int(options["times"])
        await (healthy if over or not fault.shows(ask) else fault.show)(scene)


@contextmanager
def unresponsive_address() -> Iterator[tuple[str, int]]:
    """A host and port where nothing answers: connections to it hang until they time out."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        fillers = [socket.socket() for _ in range(4)]  # the queue of an accepting socket that never accepts
        try:
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(address)
            yield address
        finally:
            for filler in fillers:
                filler.close()


def closed_address() -> tuple[str, int]:
    """A host and port where connections are refused."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host, port = probe.getsockname()
        return host, port
