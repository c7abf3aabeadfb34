"""Conversations of the REST interface: a session of one key's, and turns in it.

Whose a session is decides who sees it: its key's principal, and whoever may manage agents. To everybody else it is as if there
were none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from crawdad.core.agents import AgentRuns, QueueMode, RunOrder, RunState
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import Permission, Principal
from crawdad.core.parts import Message, Part, TextPart
from crawdad.core.request import Sampling
from crawdad.core.sessions import NewLogEvent, SessionEntry, normalise_agent_id, session_key
from crawdad.core.text import Language
from crawdad.core.tools import Sender
from crawdad.services.sessions.copies import Copies
from crawdad.services.sessions.rest_limits import RestLimits
from crawdad.services.sessions.service import SessionService, no_session
from crawdad.services.sessions.transcript import text_of, write_message
from crawdad.services.tasks import Tasks

_AGENT_NAMES = ("openclaw:", "openclaw/", "agent:", "agent/")


@dataclass(slots=True)
class Caller:
    """Who asks, and from where."""

    principal: Principal
    address: str = ""
    language: Language = "en"

    @property
    def manages(self) -> bool:
        """Whether everybody's sessions are theirs to see."""
        return Permission.AGENTS_MANAGE in self.principal.permissions


@dataclass(slots=True)
class TurnWish:
    """How a turn shall be taken. `model` may name an agent (`openclaw:<id>`, `agent:<id>`); `queue_mode` says what becomes of
    the message where the session is busy (None: it gets a turn of its own)."""

    model: str | None = None
    sampling: Sampling | None = None
    timeout_seconds: float | None = None
    idempotency_key: str | None = None
    queue_mode: QueueMode | None = None


@dataclass(slots=True)
class NewConversation:
    """A session to be made, with what was said before and the first message."""

    messages: list[Message] = field(default_factory=list)
    public_id: str | None = None
    agent_id: str | None = None
    title: str = ""
    wish: TurnWish = field(default_factory=TurnWish)


@dataclass(frozen=True, slots=True)
class Begun:
    """A session, whether it is new, and the turn that has begun in it."""

    entry: SessionEntry
    created: bool
    run_id: str | None


class Conversations:
    """Makes them, and takes turns in them."""

    def __init__(
        self,
        sessions: SessionService,
        runs: AgentRuns,
        limits: RestLimits,
        tasks: Tasks,
        default_agent: Callable[[], str],
    ) -> None:
        self.sessions = sessions
        self.runs = runs
        self.limits = limits
        self._tasks = tasks
        self._default_agent = default_agent
        self._counting: dict[str, asyncio.Task[None]] = {}

    async def find(self, named: str, caller: Caller) -> SessionEntry:
        """The session that the caller knows by that id or key. Raises NOT_FOUND, in the same words for one of somebody
        else's."""
        store = self.sessions.store
        found = await store.named(named, caller.principal.id)
        if found is None and caller.manages:
            found = await store.named(named, None)
        if found is None:
            found = await self._by_key(named)
        if found is None or not (caller.manages or found.owner == caller.principal.id):
            raise no_session(named)
        return found

    async def _by_key(self, named: str) -> SessionEntry | None:
        try:
            return await self.sessions.get(session_key(named, self._default_agent()))
        except GatewayError as error:
            if error.kind is ErrorKind.BAD_REQUEST:
                return None
            raise

    async def begin(self, wanted: NewConversation, caller: Caller) -> Begun:
        """Make a session, or go on with the caller's own of that id, and take the first turn if there is something to
        answer. Of a session that is there already the last message alone counts."""
        principal = caller.principal
        said = [message for message in wanted.messages if message.role not in ("system", "developer")]
        system = "\n\n".join(text_of(each.parts) for each in wanted.messages if each.role in ("system", "developer"))
        asked = said[-1] if said and said[-1].role == "user" else None
        if asked is not None:
            _need_words(asked.parts, f"messages[{wanted.messages.index(asked)}].content")
        if said:
            await self.limits.need_room(principal)
        public_id, new = self._public_id(wanted, principal)
        found = None if new else await self.sessions.store.named(public_id, principal.id)
        agent, model = self._target(wanted.wish.model)
        if found is None:
            agent_id = wanted.agent_id or agent or self._default_agent()
            entry = await self._make(public_id, agent_id, model, system, wanted, principal)
        else:
            entry = await self.sessions.open(found.key)
        earlier = said[:-1] if asked is not None else said
        if found is None and earlier:
            now = self.sessions.clock.now()
            await self.sessions.append(entry, [_line(message, now) for message in earlier])
        run_id = (
            None if asked is None else await self._start(entry, asked.parts, replace(wanted.wish, model=model), caller)
        )
        return Begun(entry, found is None, run_id)

    async def say(self, entry: SessionEntry, parts: Sequence[Part], wish: TurnWish, caller: Caller) -> str:
        """Take a turn: the run's id."""
        _need_words(parts, "message.content")
        await self.limits.need_room(caller.principal)
        _, model = self._target(wish.model)
        return await self._start(entry, parts, replace(wish, model=model), caller)

    async def wait(self, run_id: str) -> RunState:
        """The run at its end; what it took has been counted. Raises what it failed with."""
        state = await self.runs.wait(run_id)
        if run_id in self._counting:
            await asyncio.wait({self._counting[run_id]})
        if state.status == "failed":
            raise GatewayError(_kind(state.error_kind), state.error or "", {"runId": run_id})
        return state

    async def run_of(self, entry: SessionEntry, run_id: str) -> RunState:
        """A run of that session. Raises NOT_FOUND."""
        state = await self.runs.look(run_id)
        if state is None or state.session_key != entry.key:
            raise no_session(run_id)
        return state

    async def take_in(self, copies: Copies, content: bytes, caller: Caller) -> SessionEntry:
        """A session of the caller's out of a transcript. Raises BAD_REQUEST."""
        owner = caller.principal.id
        public_id = f"session-{self.sessions.randomness.new_id()}"
        key = f"agent:{self._default_agent()}:api:{_digest(owner, public_id)}"
        entry = await copies.take_in(content, key, owner)
        return await self.sessions.change(entry.key, {"public_id": public_id})

    async def abort(self, entry: SessionEntry) -> list[str]:
        """Stop what runs and waits in a session."""
        return list(await self.runs.cancel_session(entry.key))

    async def _make(
        self,
        public_id: str,
        agent_id: str,
        model: str | None,
        system: str,
        wanted: NewConversation,
        principal: Principal,
    ) -> SessionEntry:
        agent = normalise_agent_id(agent_id)
        values = {
            "public_id": public_id,
            "title": wanted.title,
            "settings": {} if model is None else {"model": model},
            "extra": {"system": system} if system else {},
        }
        return await self.sessions.open(
            f"agent:{agent}:api:{_digest(principal.id, public_id)}", owner=principal.id, values=values
        )

    async def _start(self, entry: SessionEntry, parts: Sequence[Part], wish: TurnWish, caller: Caller) -> str:
        principal = caller.principal
        system = entry.extra.get("system")
        order = RunOrder(
            agent_id=entry.agent_id,
            session_key=entry.key,
            principal=principal,
            origin="api",
            parts=list(parts),
            extra_system=system if isinstance(system, str) else "",
            model=wish.model,
            sampling=wish.sampling,
            timeout_seconds=wish.timeout_seconds,
            idempotency_key=wish.idempotency_key,
            queue_mode=wish.queue_mode,
            sender=Sender(principal.id, principal.name, owner=caller.manages),
            client_address=caller.address,
            language=caller.language,
        )
        mark = wish.idempotency_key
        before = None if mark is None else await self.runs.known(principal.id, mark)
        run_id = await self.runs.start(order)
        if run_id != before and run_id not in self._counting:  # what a repeated request repeats is counted
            task = self._tasks.start(self._count(run_id, entry.key, principal), f"tokens of run {run_id}")
            self._counting[run_id] = task
            task.add_done_callback(lambda _: self._counting.pop(run_id, None))
        return run_id

    async def _count(self, run_id: str, key: str, principal: Principal) -> None:
        state = await self.runs.wait(run_id)
        entry = await self.sessions.get(key)
        context = (entry.context_tokens if entry else 0) or state.usage.input_tokens or 0
        await self.limits.used(principal, state.usage.total_tokens, context if state.usage.known else 0)

    def _target(self, model: str | None) -> tuple[str | None, str | None]:
        """Agent and model that a name means."""
        bare = (model or "").strip()
        if bare.lower() in ("", "openclaw", "openclaw/default", "openclaw:default"):
            return None, None
        for beginning in _AGENT_NAMES:
            if bare.lower().startswith(beginning):
                return normalise_agent_id(bare[len(beginning) :]), None
        return None, bare

    def _public_id(self, wanted: NewConversation, principal: Principal) -> tuple[str, bool]:
        """What the caller will call the session, and whether nobody can have called one so before."""
        if wanted.public_id is not None:
            return wanted.public_id, False
        key = wanted.wish.idempotency_key
        if key is not None:
            return f"session-{_digest(principal.id, key)}", False
        return f"session-{self.sessions.randomness.new_id()}", True


def _need_words(parts: Sequence[Part], field: str) -> None:
    """Raise where a message says nothing: the model would be asked for an answer to nothing."""
    if not any(not isinstance(part, TextPart) or part.text.strip() for part in parts):
        raise bad_request("guide.empty_message", field)


def _line(message: Message, at: float) -> NewLogEvent:
    return NewLogEvent("message", {"message": write_message(message, at)}, text=text_of(message.parts))


def _digest(owner: str, name: str) -> str:
    return blake2b(f"{owner}\0{name}".encode(), digest_size=16).hexdigest()


def _kind(name: str | None) -> ErrorKind:
    try:
        return ErrorKind(name or "internal")
    except ValueError:
        return ErrorKind.INTERNAL
