"""Tools of agents: what one is, what it is told about the turn that calls it, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from crawdad.core.identity import Principal
from crawdad.core.parts import JsonObject, MediaPart, Part, TextPart
from crawdad.core.plain_json import in_unicode, plain_json
from crawdad.core.programs import FileMark
from crawdad.core.sessions import Route
from crawdad.core.text import Language


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """What the model is told of a tool, and what the policy goes by.

    `parameters` is a JSON Schema of type object. `group` is the policy group without `group:` (fs, runtime, web, memory,
    sessions, automation, messaging, media, nodes, plugins). `independent` tools change nothing: calls of them run side by side.
    A turn that outside content has come into may not use those that `needs_trust` without an approval; those whose work
    `outlasts` the session not even one that sees such content of an earlier turn; `looks` are the values of their argument
    `action` that change nothing and need none. `owner_only` tools are offered to nobody but the operator.
    """

    name: str
    description: str
    parameters: JsonObject
    group: str
    independent: bool = False
    needs_trust: bool = False
    outlasts: bool = False
    looks: tuple[str, ...] = ()
    owner_only: bool = False


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote the message that a turn answers. `owner`: one of the operator's own identities."""

    id: str = ""
    name: str = ""
    owner: bool = False


@dataclass(frozen=True, slots=True)
class ToolScope:
    """What decides which tools a turn has. `surface` is `agent` or `http` (`/tools/invoke`, which denies more)."""

    agent_id: str
    session_key: str
    principal: Principal
    sender: Sender = field(default_factory=Sender)
    provider: str = ""
    model: str = ""
    channel: str = ""
    account: str = ""
    surface: str = "agent"
    depth: int = 0
    """How many agents stand between this one and a person: 0 for the one they talk to."""
    origin: str = "client"
    """What began the run (`core.agents.Origin`)."""
    allow: tuple[str, ...] | None = None
    """What the place where the turn began narrows its tools to; None: it does not."""
    deny: tuple[str, ...] = ()


@dataclass(slots=True)
class ToolContext:
    """What a tool is told when it is called. `workspace` is the agent's own directory.

    `untrusted` becomes true for the rest of the turn as soon as outside content has come in (a fetched page, a stranger's
    message, a hook's payload). `exposed`: such content of an earlier turn stands in what the model sees. `typed` are the
    commands that the operator's own message of this turn spells out. `progress` shows an intermediate word to whoever watches.
    `idempotency` is the same when, after a restart, the same call is looked at again.
    """

    scope: ToolScope
    run_id: str
    call_id: str
    session_id: str
    workspace: Path
    route: Route | None = None
    untrusted: bool = False
    exposed: bool = False
    typed: frozenset[str] = frozenset()
    language: Language = "en"
    progress: Callable[[str], None] = lambda _: None

    @property
    def idempotency(self) -> str:
        """Names this call, also after a restart."""
        return f"{self.run_id}:{self.call_id}"


@dataclass(slots=True)
class ToolOutcome:
    """What a tool answers. `content` goes to the model; `details` to whoever watches and to `/tools/invoke`.

    `untrusted`: the content came from outside, and is marked as such before the model sees it. `reads` are the files that it
    shows something of, `names` the paths of those that it only names, `writes` the files as they stand now that it changed;
    `vouched` are those of them whose content the operator approved.
    """

    content: list[Part] = field(default_factory=list)
    details: JsonObject = field(default_factory=dict)
    is_error: bool = False
    untrusted: bool = False
    reads: Sequence[FileMark] = ()
    names: Sequence[str] = ()
    writes: Sequence[FileMark] = ()
    vouched: Sequence[FileMark] = ()

    def plain(self) -> ToolOutcome:
        """The same, such that it can be kept and sent (see `core.plain_json`)."""
        for part in self.content:
            if isinstance(part, TextPart):
                part.text = in_unicode(part.text)
            elif isinstance(part, MediaPart):
                part.text, part.name = plain_json(part.text), plain_json(part.name)
        self.details = plain_json(self.details)
        return self


def told(
    text: str, details: JsonObject | None = None, *, is_error: bool = False, untrusted: bool = False
) -> ToolOutcome:
    """An outcome of plain text."""
    return ToolOutcome([TextPart(text)], details or {}, is_error, untrusted)


class Tool(Protocol):
    """Something an agent can do. `run` raises `GatewayError` for what the caller can mend (BAD_REQUEST), may not do
    (FORBIDDEN) or what failed; the model sees the words. It is cancelled when its turn is, and cleans up behind
    itself."""

    @property
    def definition(self) -> ToolDefinition: ...

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome: ...


class Toolbox(Protocol):
    """The tools of this gateway, after the policy."""

    async def effective(self, scope: ToolScope) -> Mapping[str, Tool]:
        """The tools that `scope` may use, by name, in a stable order (prompt caches depend on it)."""

    def known(self) -> Sequence[ToolDefinition]:
        """Every tool there is, whoever may use it."""


@dataclass(frozen=True, slots=True)
class SkillSnapshot:
    """The skills that an agent sees: the block of its system prompt (empty: none), their names and a mark that changes
    with them."""

    prompt: str = ""
    names: tuple[str, ...] = ()
    version: str = ""


@dataclass(frozen=True, slots=True)
class SkillCall:
    """A skill that a message calls for by name, and `words` behind the command.

    `instructions` is what the model is told beside the message. Where the skill names a `tool`, that one takes the words
    as they are, and no model is asked (`command-dispatch: tool`).
    """

    skill: str
    command: str
    words: str
    instructions: str = ""
    tool: str = ""


class Skills(Protocol):
    """The skills of agents."""

    async def snapshot(self, agent_id: str, workspace: Path, only: Sequence[str] | None = None) -> SkillSnapshot:
        """What the agent may use now; `only`: of the skills of these names."""

    async def called(
        self, agent_id: str, workspace: Path, message: str, only: Sequence[str] | None = None
    ) -> SkillCall | None:
        """The skill that a message calls for by name (`/name words`); None: it calls for none."""
