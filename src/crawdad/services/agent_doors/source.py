"""The source of answers that agents give: orders a run for a turn and tells what comes of it."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Protocol

from crawdad.core.agent_names import DEFAULT_AGENT, default_agent
from crawdad.core.agents import AgentRuns, RunOrder, RunState
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.events import StreamEvent
from crawdad.core.identity import Permission
from crawdad.core.ports import Clock
from crawdad.core.request import ModelRequest
from crawdad.core.sessions import SessionEntry, SessionKind, kind_of
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.services.agent_doors.attachments import AttachmentReader
from crawdad.services.agent_doors.conversation import Conversation, conversation_of
from crawdad.services.agent_doors.orders import Asked, Link, is_owner, must_call, order_of
from crawdad.services.agent_doors.telling import RESPONSES, Telling
from crawdad.services.catalogue import Offer
from crawdad.services.turns.turn import Turn
from crawdad.store.agent_links import AgentLinks

_KEPT_SECONDS = 7 * 24 * 3600.0
_MARK = re.compile(r"([\w-]{1,128}):(\d{1,12})\Z", re.ASCII)
LAST_EVENT = "last-event-id"
IDEMPOTENCY = "idempotency-key"
_CHAT = "openai-chat"
_NOT_FOR_CLIENTS: tuple[SessionKind, ...] = ("main", "global", "direct", "group")


class KnownSessions(Protocol):
    """What is needed of the sessions (`core.sessions.Sessions`)."""

    async def get(self, key: str) -> SessionEntry | None: ...


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where a client's stream broke off."""

    run_id: str
    number: int


class AgentSource:
    """A source like a model's: a turn goes in, events come out."""

    def __init__(
        self,
        runs: AgentRuns,
        sessions: KnownSessions,
        links: AgentLinks,
        attachments: AttachmentReader,
        clock: Clock,
        settings: Callable[[], Settings],
    ) -> None:
        self._runs = runs
        self._sessions = sessions
        self._links = links
        self._attachments = attachments
        self._clock = clock
        self._settings = settings

    async def take(self, turn: Turn, offer: Offer) -> AsyncGenerator[list[StreamEvent], None]:
        """The answer of the agent that `offer` names. Raises `GatewayError` for what it cannot or may not do."""
        turn.principal.need(Permission.AGENTS_USE)
        turn.by_agent = True
        mark = _mark_of(turn)
        request = _readable(turn)
        session = ""
        order: RunOrder | None = None
        if mark is None:
            order = await self._order(turn, offer, request)
            session = order.session_key
            run_id = await self._runs.start(order)
        else:
            run_id = await self._resumed(turn, mark)
        turn.run_id = run_id
        if turn.codec.name in (_CHAT, RESPONSES) and not turn.run_key:
            turn.reply_id = re.sub(r"[^A-Za-z0-9]", "", run_id)
        if turn.codec.name == RESPONSES and order is not None:
            name = f"response:resp_{turn.reply_id or turn.exchange.id}"
            await self._remember(turn, [name], order.agent_id, session)
        turn.exchange.session = session or turn.exchange.session
        if turn.shows_tools is None:
            turn.shows_tools = self._settings().gateway.http.endpoints.responses.tool_items
        telling = self._telling(turn, request, offer.name, mark)
        ended = False
        try:
            async for event in self._runs.follow(run_id, mark.number if mark else 0):
                batch = telling.hear(event)
                if batch:
                    turn.mark = f"{run_id}:{event.number}"
                    yield batch
            state = await self._runs.wait(run_id)
            ended = state.ended
            await self._remember_calls(turn, state)
            yield telling.finish(state)
        finally:
            if not ended and not _outlives(turn):
                await self._runs.cancel(run_id)

    async def retell(self, turn: Turn) -> AsyncGenerator[list[StreamEvent], None]:
        """What the run of a turn told, from its beginning, as it was told then, and the rest as it comes. Raises what the
        run failed with."""
        telling = self._telling(turn, _readable(turn), turn.model)
        async for event in self._runs.follow(turn.run_id):
            batch = telling.hear(event)
            if batch:
                yield batch
        state = await self._runs.wait(turn.run_id)
        await self._remember_calls(turn, state)
        yield telling.finish(state)

    async def is_known(self, run_id: str) -> bool:
        """Whether a run is (still) kept."""
        return await self._runs.look(run_id) is not None

    async def stop(self, run_id: str) -> None:
        """Stop a run, if it has not ended."""
        await self._runs.cancel(run_id)

    def _telling(self, turn: Turn, request: ModelRequest, name: str, mark: _Mark | None = None) -> Telling:
        asked = request.reasoning
        is_response = turn.codec.name == RESPONSES
        return Telling(
            name,
            thinking=asked is not None and not asked.off,
            must_call=must_call(request),
            resumed=mark is not None and mark.number > 0,
            items=is_response and bool(turn.shows_tools),
            at_once=bool(turn.run_key),
            retracts=is_response or not turn.stream,
        )

    async def _order(self, turn: Turn, offer: Offer, request: ModelRequest) -> RunOrder:
        agent_id = default_agent(self._settings().agents) if offer.model == DEFAULT_AGENT else offer.model
        earlier = await self._earlier(turn, agent_id)
        if earlier is not None:
            request = turn.echo or request  # the session holds what was said before
        conversation = conversation_of(request)
        attachments = await self._attachments.read(request)
        key = turn.gateway_headers.get(IDEMPOTENCY)
        asked = Asked(
            request,
            conversation,
            agent_id,
            turn.principal,
            _name_of(turn),
            turn.gateway_headers,
            attachments.files,
            attachments.pictures,
            await self._paused(turn, agent_id, conversation),
            earlier,
            turn.exchange.client_address,
            turn.language,
            f"{turn.codec.name}:{key}" if key else f"response:{turn.run_key}" if turn.run_key else None,
        )
        order = order_of(asked)
        await self._check_owner(turn, order.session_key)
        return order

    async def _check_owner(self, turn: Turn, session_key: str) -> None:
        """A session of somebody else, or the operator's own, is not entered by guessing its key; nor one that will be an
        agent's main session or a chat's, which would belong to whoever spoke first."""
        if is_owner(turn.principal):
            return
        entry = await self._sessions.get(session_key)
        others = kind_of(session_key) in _NOT_FOR_CLIENTS if entry is None else entry.owner != turn.principal.id
        if others:
            raise GatewayError(ErrorKind.FORBIDDEN, Text("doors.session_forbidden"), {"code": "session_forbidden"})

    async def _earlier(self, turn: Turn, agent_id: str) -> Link | None:
        """The session of the response that the turn goes on from, where it is the same agent's."""
        link = turn.echo.previous_response_id if turn.echo is not None else None
        if link is None:
            return None
        found = await self._links.find(turn.principal.id, [f"response:{link}"], self._clock.now())
        return next((Link(*each) for each in found.values() if each[0] == agent_id), None)

    async def _paused(self, turn: Turn, agent_id: str, conversation: Conversation) -> Link | None:
        """The turn that waits for the results which the client brings; None: nobody waits for all of them."""
        names = [f"call:{result.call_id}" for result in conversation.results]
        if not names:
            return None
        found = await self._links.find(turn.principal.id, names, self._clock.now())
        links = {found[name] for name in names if name in found}
        if len(links) != 1 or any(name not in found for name in names):
            return None
        link = Link(*links.pop())
        return link if link.agent_id == agent_id else None

    async def _resumed(self, turn: Turn, mark: _Mark) -> str:
        state = await self._runs.look(mark.run_id)
        if state is None or state.principal_id != turn.principal.id:
            raise _run_gone()
        return mark.run_id

    async def _remember_calls(self, turn: Turn, state: RunState) -> None:
        names = [f"call:{call.id}" for call in state.calls]
        if state.status == "paused" and names:
            await self._remember(turn, names, state.agent_id, state.session_key)

    async def _remember(self, turn: Turn, names: list[str], agent_id: str, session_key: str) -> None:
        until = self._clock.now() + _KEPT_SECONDS
        await self._links.put(turn.principal.id, names, agent_id, session_key, until)


def _readable(turn: Turn) -> ModelRequest:
    """The turn's request. What is wrong with it is told as this contract does, the field's name in front."""
    try:
        return turn.request
    except GatewayError as error:
        param = error.details.get("param")
        if param == "messages" and not turn.body.get("messages"):
            raise bad_request("doors.no_message", field="messages") from None
        if error.kind is not ErrorKind.BAD_REQUEST or not isinstance(param, str):
            raise
        values = {"field": param.replace("[", ".").replace("]", ""), "reason": error.text}
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("doors.field", values), error.details) from None


def _mark_of(turn: Turn) -> _Mark | None:
    given = turn.gateway_headers.get(LAST_EVENT, "").strip()
    if turn.codec.name != _CHAT or not turn.stream or not given:
        return None
    found = _MARK.match(given)
    if found is None:  # whoever wants a stream taken up wants no second run
        raise _run_gone()
    return _Mark(found[1], int(found[2]))


def _run_gone() -> GatewayError:
    return GatewayError(ErrorKind.NOT_FOUND, Text("doors.run_gone"), {"code": "run_not_found", "passing": False})


def _name_of(turn: Turn) -> str:
    """What a turn's fresh session and its Response are called by."""
    return turn.reply_id if turn.codec.name == RESPONSES and turn.reply_id else turn.exchange.id


def _outlives(turn: Turn) -> bool:
    """Whether the run goes on without the client: it can come back for it. In the background it goes on without this process,
    too."""
    if turn.run_key:
        return not turn.given_up
    if turn.is_resumable:
        return True
    return bool(turn.gateway_headers.get(IDEMPOTENCY) or turn.gateway_headers.get(LAST_EVENT))
