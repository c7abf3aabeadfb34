"""Every recorded request: those of the goldens, and those of real command-line clients and SDKs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from crawdad.core.request import ModelRequest
from crawdad.wire import codecs
from tests.support.goldens import load, trace
from tests.wire.matrix.recorded import FILES

JsonObject = dict[str, Any]

CLIENTS = (
    "aider",
    "claude-code",
    "claude-code-tools",
    "codex",
    "codex-tools",
    "gemini-cli",
    "gemini-cli-tools",
    "llm",
    "vercel-ai",
)
_PATHS = {
    "/chat/completions": "openai-chat",
    "/responses": "openai-responses",
    "/messages": "anthropic-messages",
    "enerateContent": "gemini",
}


@dataclass(frozen=True)
class Asked:
    """One request in its own protocol."""

    protocol: str
    name: str
    body: JsonObject

    def __str__(self) -> str:
        return f"{self.protocol} {self.name}"

    def read(self) -> ModelRequest:
        """The request as our reader understands it, made anew each time."""
        return codecs.get(self.protocol).read_request(self.body, model="m")


@cache
def requests(protocol: str) -> tuple[Asked, ...]:
    """All recorded requests in `protocol`."""
    found = [Asked(protocol, str(golden), golden.request) for name in FILES[protocol] for golden in load(name)]
    for client in CLIENTS:
        for number, row in enumerate(trace(client)):
            if isinstance(row["body"], dict) and _protocol(row["path"]) == protocol:
                found.append(Asked(protocol, f"{client}-{number}", row["body"]))
    return tuple(found)


def _protocol(path: str) -> str | None:
    return next((protocol for piece, protocol in _PATHS.items() if piece in path), None)
