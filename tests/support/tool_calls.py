"""What a tool is told in tests, and a web that tests write themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from crawdad.core.identity import EVERYTHING, Principal
from crawdad.core.parts import TextPart
from crawdad.core.sessions import Route
from crawdad.core.tools import Sender, ToolContext, ToolOutcome, ToolScope
from tests.support.upstreams.loopback import LoopbackServer, Received, Reply

PERSON = Principal("person", "api_key", "A person", EVERYTHING)


def scope(**changes: object) -> ToolScope:
    """A scope of the main agent."""
    return replace(ToolScope("main", "agent:main:main", PERSON), **changes)  # type: ignore[arg-type]


def context(
    workspace: Path = Path("/nowhere"), *, owner: bool = False, route: Route | None = None, **changes: object
) -> ToolContext:
    """A call in a turn of the main agent."""
    return ToolContext(
        scope(sender=Sender("somebody", owner=owner), **changes), "run1", "call1", "session1", workspace, route
    )


def words(outcome: ToolOutcome) -> str:
    """The text of an outcome."""
    return "\n".join(part.text for part in outcome.content if isinstance(part, TextPart))


class Web(LoopbackServer):
    """Pages by path: `(status, headers, body)`."""

    def __init__(self, pages: Mapping[str, tuple[int, Mapping[str, str], bytes]]) -> None:
        super().__init__()
        self.pages = dict(pages)

    async def answer(self, request: Received, reply: Reply) -> None:
        status, headers, body = self.pages.get(request.path, (404, {}, b"nothing here"))
        await reply.whole(status, body, headers)
