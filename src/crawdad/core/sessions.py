"""Sessions: how their keys are spelled, and what is known and kept of a conversation with an agent.

A key names a conversation for good (`agent:main:main`); behind it stands one log after another, each with an id of its
own: a reset begins a new one under the same key. Spelling: `gateway.md` §11.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text

MAIN_AGENT = "main"
GLOBAL_KEY = "global"
_AGENT_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_FOREIGN = re.compile(r"[^a-z0-9_-]+")
_MAX_KEY = 512
_STAMP = re.compile(r"^\[\w{3} \d{4}-\d\d-\d\d \d\d:\d\d UTC\] ")

SessionKind = Literal["main", "direct", "group", "global", "cron", "hook", "subagent", "client", "api", "other"]
DmScope = Literal["main", "per-peer", "per-channel-peer", "per-account-channel-peer"]


def normalise_agent_id(text: str) -> str:
    """An agent id out of anything: trimmed, lower case, foreign characters turned into `-`, at most 64; empty: `main`."""
    bare = text.strip().lower()
    if _AGENT_ID.fullmatch(bare):
        return bare
    return _FOREIGN.sub("-", bare).strip("-")[:64].strip("-") or MAIN_AGENT


def main_key(agent_id: str, scope: str = "per-sender") -> str:
    """The key of an agent's main session; with `session.scope` `global` there is one for all agents."""
    return GLOBAL_KEY if scope == "global" else f"agent:{agent_id}:main"


def session_key(text: str, default_agent: str = MAIN_AGENT, scope: str = "per-sender") -> str:
    """The canonical key for what somebody wrote. Raises BAD_REQUEST when it names an agent but no session, holds control
    characters or is too long (512)."""
    bare = text.strip().lower()
    if not bare or bare == "main":
        return main_key(default_agent, scope)
    if bare == GLOBAL_KEY:
        return GLOBAL_KEY
    if len(bare) > _MAX_KEY or any(not character.isprintable() for character in bare):
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("sessions.bad_key"), {"param": "sessionKey"})
    if not bare.startswith("agent:"):
        return f"agent:{default_agent}:{bare}"
    parts = bare.split(":", 2)
    if len(parts) < 3 or not parts[1] or not parts[2].strip(":"):
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("sessions.bad_key"), {"param": "sessionKey"})
    return f"agent:{normalise_agent_id(parts[1])}:{parts[2]}"


def without_stamp(text: str) -> str:
    """Somebody's words without the moment that chat clients' words have before them, for the model to know when they were
    said."""
    return _STAMP.sub("", text)


def agent_of(key: str, default_agent: str = MAIN_AGENT) -> str:
    """Whose session it is."""
    parts = key.split(":", 2)
    return parts[1] if len(parts) == 3 and parts[0] == "agent" else default_agent


def rest_of(key: str) -> str:
    """What stands behind `agent:<id>:`; the key itself when it has no agent."""
    parts = key.split(":", 2)
    return parts[2] if len(parts) == 3 and parts[0] == "agent" else key


_KINDS: tuple[tuple[str, SessionKind], ...] = (
    ("subagent:", "subagent"),
    ("cron:", "cron"),
    ("hook:", "hook"),
    ("api:", "api"),
    ("openai:", "client"),
    ("openai-user:", "client"),
    ("openresponses:", "client"),
    ("openresponses-user:", "client"),
)


def kind_of(key: str, chat_type: str | None = None) -> SessionKind:
    """What kind of session a key names. `chat_type` is the channel's word for it, where there is one."""
    if key == GLOBAL_KEY:
        return "global"
    rest = rest_of(key)
    if rest == "main":
        return "main"
    for beginning, kind in _KINDS:
        if rest.startswith(beginning):
            return kind
    if ":subagent:" in rest:
        return "subagent"
    if chat_type in ("group", "channel") or ":group:" in f":{rest}" or ":channel:" in f":{rest}":
        return "group"
    return "direct" if ":direct:" in f":{rest}" or ":dm:" in f":{rest}" or chat_type == "direct" else "other"


def direct_key(agent_id: str, scope: DmScope, channel: str, account: str, peer: str) -> str:
    """The key of a one-to-one chat, by `session.dmScope`."""
    tail = {
        "main": "main",
        "per-peer": f"direct:{peer}",
        "per-channel-peer": f"{channel}:direct:{peer}",
        "per-account-channel-peer": f"{channel}:{account}:direct:{peer}",
    }[scope]
    return f"agent:{agent_id}:{tail}".lower()


def group_key(agent_id: str, channel: str, group: str, thread: str | None = None, room: bool = False) -> str:
    """The key of a group (or, with `room`, of a channel's room), or of a thread in it."""
    tail = f":thread:{thread}" if thread else ""
    return f"agent:{agent_id}:{channel}:{'channel' if room else 'group'}:{group}{tail}".lower()


def within(parent: str, key: str) -> bool:
    """Whether `key` is `parent` or stands below it."""
    return key == parent or key.startswith(f"{parent}:")


@dataclass(frozen=True, slots=True)
class Route:
    """Where a conversation's answers go: a channel, the account in it, the peer and the thread."""

    channel: str
    to: str = ""
    account: str = ""
    thread: str = ""


@dataclass(slots=True)
class SessionEntry:
    """One session as lists show it. Times are Unix seconds; token counts are those of the present log.

    `session_id` names the present log. `settings` are its overrides (`model`, `thinkingLevel`, `queueMode`, `sendPolicy`,
    …, by OpenClaw's names). `context_tokens` is the size of the last prompt. `owner` is the id of the principal that made
    it (empty: the operator). `preview` is the beginning of the last thing said, `active_at` when that was. `public_id` is what
    its owner calls it where it was made through the REST interface.
    """

    key: str
    session_id: str
    agent_id: str
    kind: SessionKind
    created_at: float
    updated_at: float
    owner: str = ""
    title: str = ""
    label: str = ""
    parent_key: str = ""
    channel: str = ""
    chat_type: str = ""
    route: Route | None = None
    model: str = ""
    provider: str = ""
    settings: JsonObject = field(default_factory=dict)
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    context_tokens: int = 0
    cost: float = 0.0
    messages: int = 0
    compactions: int = 0
    aborted: bool = False
    preview: str = ""
    extra: JsonObject = field(default_factory=dict)
    active_at: float = 0.0
    public_id: str = ""


LogKind = Literal["message", "compaction", "tool_started", "model", "thinking", "interrupted", "note", "custom", "trim"]


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One line of a session's log, which only grows. `sequence` counts from 1 without gaps within the log.

    `id` is 8 hex digits, `parent_id` the line it follows (OpenClaw's JSONL). What `data` holds, by kind:
    message: `{message}` (`services.sessions.transcript` spells it), with `usage`, `model`, `provider`, `stopReason`,
    `cost` on an assistant's; compaction: `{summary, firstKept, tokensBefore}` with `firstKept` the sequence that the view
    begins with after the summary; tool_started: `{callId, name, arguments}`, written before a tool runs; model and
    thinking: what was switched to; interrupted: a turn that a restart cut off; trim: lines above `{after}` no longer
    belong to the view (heartbeats that said nothing).
    """

    session_id: str
    sequence: int
    id: str
    kind: LogKind
    at: float
    data: JsonObject
    parent_id: str | None = None
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class NewLogEvent:
    """A line to be appended. `text` is what a search finds it by (empty: not at all)."""

    kind: LogKind
    data: JsonObject
    run_id: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which sessions a list shows. `owner` None: everybody's. `search` looks at titles, labels, keys and what was
    said."""

    agent_id: str | None = None
    owner: str | None = None
    kinds: Sequence[SessionKind] = ()
    active_since: float | None = None
    search: str = ""
    below: str | None = None
    """Only this key and those that it spawned."""


@dataclass(frozen=True, slots=True)
class SessionLog:
    """One of the logs that a key has had. `ended_at` and `reason` (`reset`, `daily`, `idle`, `deleted`, …) tell when and why
    it was left; `lines` is its newest sequence; `header` the first line of the file that it was read from."""

    session_id: str
    key: str
    created_at: float
    ended_at: float | None = None
    reason: str = ""
    lines: int = 0
    header: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SessionPage:
    """Sessions, the newest first; `cursor` leads to the next page, None: there is none."""

    entries: list[SessionEntry]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class SearchHit:
    """Where something was found: a session, and the line that was said (sequence 0: its title, label or key)."""

    entry: SessionEntry
    session_id: str
    sequence: int
    line: LogEvent | None = None


class Sessions(Protocol):
    """The sessions of this gateway. Every change is kept when the call returns."""

    async def open(
        self, key: str, *, owner: str = "", fresh: bool = False, values: Mapping[str, Any] | None = None
    ) -> SessionEntry:
        """The session of a canonical key, made when there is none; begins a new log where the reset policy
        (`session.reset`) says that the old one is over, or with `fresh`. `values` are fields that a new entry gets."""

    async def get(self, key: str) -> SessionEntry | None:
        """A session as it stands."""

    async def append(self, entry: SessionEntry, events: Sequence[NewLogEvent]) -> list[LogEvent]:
        """Add lines to the present log, in order. CONFLICT when the session has another log by now."""

    async def view(self, session_id: str) -> list[LogEvent]:
        """What the model is to see of a log: the newest compaction and what it kept, or all; trimmed lines are left
        out."""

    async def change(self, key: str, values: Mapping[str, Any]) -> SessionEntry:
        """Change fields of an entry (`settings` are merged, a None in them removes). Raises NOT_FOUND."""

    async def count(
        self,
        entry: SessionEntry,
        *,
        input_tokens: int,
        output_tokens: int,
        cached_tokens: int,
        cost: float,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        """Add what a turn used, and set what it leaves behind: `model`, `provider`, `context_tokens`, `aborted`."""

    async def reset(self, key: str, reason: str = "reset") -> SessionEntry:
        """Begin a new log under the same key; the old one stays. Raises NOT_FOUND."""
