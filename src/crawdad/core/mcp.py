"""Servers of the Model Context Protocol as the rest of the system sees them: the ports, and what a server says of a tool."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from crawdad.core.parts import JsonObject, Part


@dataclass(frozen=True, slots=True)
class ServerTool:
    """A tool as its server describes it. All of it is the server's word, and no more."""

    name: str
    description: str
    schema: JsonObject
    annotations: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServerResource:
    """Something that a server lets be read. `uri` of a template has places to be filled in."""

    uri: str
    name: str = ""
    description: str = ""
    media_type: str = ""
    is_template: bool = False


@dataclass(frozen=True, slots=True)
class PromptArgument:
    """A place in a prompt."""

    name: str
    description: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class ServerPrompt:
    """Words that a server has for a purpose."""

    name: str
    description: str = ""
    arguments: tuple[PromptArgument, ...] = ()


@dataclass(slots=True)
class ServerResult:
    """What a call came to."""

    parts: list[Part] = field(default_factory=list)
    structured: JsonObject | None = None
    is_error: bool = False


class Bearer(Protocol):
    """Tells the access token for a server; None: nobody has signed in. `refused` is one that the server did not take."""

    async def __call__(self, refused: str | None = None) -> str | None: ...


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """How a server is reached: a program (`command`) or a URL. Values are in clear."""

    command: str = ""
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    proxy: str | None = None
    bearer: Bearer | None = None
    """Where an access token comes from, for servers that one can sign in to."""
    connect_seconds: float = 30.0
    call_seconds: float = 60.0


class ServerSession(Protocol):
    """A conversation with a server that has begun. Raises UPSTREAM_BROKEN when it is over, UPSTREAM_TIMEOUT,
    UPSTREAM_ERROR (the server refused)."""

    @property
    def closed(self) -> bool:
        """Whether it is over."""

    @property
    def offers(self) -> frozenset[str]:
        """What the server has: `tools`, `resources`, `prompts`."""

    async def list_tools(self) -> list[ServerTool]: ...

    async def list_resources(self) -> list[ServerResource]:
        """Those that are there, then the templates."""

    async def read_resource(self, uri: str) -> ServerResult: ...

    async def list_prompts(self) -> list[ServerPrompt]: ...

    async def get_prompt(self, name: str, arguments: Mapping[str, str]) -> ServerResult: ...

    async def call_tool(self, name: str, arguments: JsonObject, progress: Callable[[str], None]) -> ServerResult: ...

    async def close(self) -> None:
        """End it, and the program behind it."""


class McpConnector(Protocol):
    """Begins conversations. `tools_changed` is called when the server says that its tools are others now."""

    async def connect(self, address: ServerAddress, tools_changed: Callable[[], None]) -> ServerSession: ...


class StartTask(Protocol):
    """Runs something beside the caller, owned by the application (`services.tasks.Tasks.start`)."""

    def __call__(self, work: Coroutine[Any, Any, None], name: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class PinnedTool:
    """What is known of a tool: `approved` is the digest of what may be used (None: nothing yet), `seen` the newest."""

    server: str
    tool: str
    approved: str | None
    seen: str
    description: str
    changed_at: float
    approved_at: float | None = None
    approved_by: str = ""

    @property
    def usable(self) -> bool:
        """Whether what the server says now is what was approved."""
        return self.approved == self.seen


class ToolPins(Protocol):
    """Where approvals of tools are kept."""

    async def of(self, server: str | None = None) -> list[PinnedTool]:
        """What is known, of one server or of all."""

    async def see(self, tool: PinnedTool) -> PinnedTool:
        """Note what a server says now; what is known already keeps its approval. Returns the row as it then is."""

    async def approve(self, server: str, tool: str, digest: str, by: str, now: float) -> bool:
        """Approve exactly what has that digest. False: there is no such tool, or it is another by now."""

    async def forget(self, server: str, tool: str | None = None) -> int:
        """Take approvals back. Returns how many."""
