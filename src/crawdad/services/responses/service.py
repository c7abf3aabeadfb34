"""`/v1/responses` beyond one reply: storing, continuing, reading back, deleting, cancelling, background runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import orjson

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import Principal
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock, Randomness
from crawdad.core.text import Text
from crawdad.services.responses.again import origin_of, turn_again
from crawdad.services.responses.history import Earlier, no_response, with_history
from crawdad.services.responses.runs import Runs
from crawdad.services.turns.front import ModelFront, Reply, chat_offers
from crawdad.services.turns.turn import Turn
from crawdad.store.responses import ResponseStore, StoredResponse
from crawdad.wire.fields import get_bool, whole_number
from crawdad.wire.openai_responses import DONE, failed_instead, input_items, response_object, sse_frame
from crawdad.wire.sse import SseSplitter, event_data

KEPT_SECONDS = 30 * 24 * 3600.0
_CLOSING = ("response.completed", "response.incomplete", "response.failed")
_CLOSING_BYTES = tuple(f'"{name}"'.encode() for name in _CLOSING)
TERMINAL = frozenset({"completed", "incomplete", "failed", "cancelled", "interrupted"})


@dataclass(frozen=True, slots=True)
class ItemPage:
    """Which input items to list. `order` is asc or desc."""

    limit: int = 20
    order: str = "desc"
    after: str | None = None


class Responses:
    """Takes response requests. What one principal made, no other can see, continue or delete."""

    def __init__(
        self,
        front: ModelFront,
        store: ResponseStore,
        runs: Runs,
        clock: Clock,
        randomness: Randomness,
        find: Callable[[str], Principal | None],
    ) -> None:
        self._front = front
        self._store = store
        self._runs = runs
        self._clock = clock
        self._randomness = randomness
        self._find_principal = find
        runs.take_up = self.take_up

    async def create(self, turn: Turn) -> Reply:
        """`POST /v1/responses`. The response is kept, unless `store` is false, before its last byte goes out."""
        body = turn.body
        stored = await self.prepare(turn, lambda link: self.earlier(link, turn.principal))
        if get_bool(body, "background"):
            if not stored:
                raise bad_request("responses.store_needed", "store")
            return await self._start(turn, body)
        if not stored:
            return await self._front.reply(turn)
        self.promise(turn)
        reply = await self._front.reply(turn)
        if reply.body is not None:
            await self.keep(turn, body, orjson.loads(reply.body))
        elif reply.chunks is not None:
            reply.chunks = self._keeping(turn, body, reply.chunks)
        return reply

    def promise(self, turn: Turn) -> None:
        """The response will be kept: until `keep` has done that, no answer is a good end of the exchange."""
        self._front.ledger.hold(turn.exchange)

    async def prepare(self, turn: Turn, earlier: Earlier) -> bool:
        """Resolve what the request refers to; whether the response is to be kept."""
        body = turn.body
        if body.get("conversation") is not None:
            raise bad_request("responses.no_conversations", "conversation")
        background = bool(get_bool(body, "background"))
        if body.get("previous_response_id") is not None or background:
            asked = turn.request  # what the Response echoes
            changed = await self._with_history(turn, body, earlier)
            changed.pop("background", None)
            turn.body = changed
            turn.request = turn.codec.read_request(changed, model=turn.model, stream=turn.stream or background)
            turn.echo = asked
        return get_bool(body, "store") is not False

    async def _with_history(self, turn: Turn, body: JsonObject, earlier: Earlier) -> JsonObject:
        """The body with what was said before. An agent's sessions hold that themselves: for one a response that is not there
        (any more) is none to go on from, and the session a fresh one, as its contract has it."""
        try:
            return await with_history(body, earlier)
        except GatewayError as error:
            if error.details.get("code") != "previous_response_not_found" or not self._is_for_agent(turn):
                raise
            return {name: value for name, value in body.items() if name != "previous_response_id"}

    def _is_for_agent(self, turn: Turn) -> bool:
        try:
            return self._front.offers(turn)[0].provider.agents
        except GatewayError:
            return False

    async def get(self, response_id: str, principal: Principal) -> JsonObject:
        """The Response resource. Raises NOT_FOUND."""
        return resource(await self._find(response_id, principal))

    async def delete(self, response_id: str, principal: Principal) -> JsonObject:
        """Remove a response; a background run is stopped first. Raises NOT_FOUND."""
        await self._find(response_id, principal)
        await self._runs.stop(response_id)
        if not await self._store.delete(response_id, principal.id):
            raise no_response(response_id)
        return {"id": response_id, "object": "response", "deleted": True}

    async def cancel(self, response_id: str, principal: Principal) -> JsonObject:
        """Stop a background run. One that has ended already is given back as it is. Raises NOT_FOUND."""
        found = await self._find(response_id, principal)
        if not found.background:
            raise bad_request("responses.not_background")
        if found.status not in TERMINAL:
            cancelled = {**found.response, "status": "cancelled"}
            await self._store.update(response_id, principal.id, "cancelled", self._clock.now(), cancelled)
            await self._runs.stop(response_id)
        return await self.get(response_id, principal)

    async def items(self, response_id: str, principal: Principal, page: ItemPage) -> JsonObject:
        """One page of the response's input items. Raises NOT_FOUND."""
        found = await self._find(response_id, principal)
        items = input_items(found.request, response_id.removeprefix("resp_"))
        if page.order == "desc":
            items.reverse()
        ids = [item["id"] for item in items]
        start = ids.index(page.after) + 1 if page.after in ids else 0
        data = items[start : start + page.limit]
        return {
            "object": "list",
            "data": data,
            "first_id": data[0]["id"] if data else None,
            "last_id": data[-1]["id"] if data else None,
            "has_more": start + len(data) < len(items),
        }

    async def follow(self, response_id: str, principal: Principal, after: int = -1) -> AsyncIterator[JsonObject]:
        """The events of a background response whose number is greater than `after`, until it has ended."""
        found = await self._find(response_id, principal)
        if not found.background:
            raise bad_request("responses.not_background", "stream")
        return self._runs.follow(response_id, principal.id, after)

    async def _start(self, turn: Turn, body: JsonObject) -> Reply:
        # What nobody may or can take, or pay for, is refused now, not in an hour.
        offers = chat_offers(self._front.offers(turn), turn)
        turn.by_agent = offers[0].provider.agents
        self._runs.need_room()
        await self._front.dispatcher.reserve(turn, offers)
        response = response_object(turn.context, "queued")
        now = self._clock.now()
        record = StoredResponse(
            id=response["id"],
            principal_id=turn.principal.id,
            status="queued",
            created_at=now,
            updated_at=now,
            request=body,
            response=response,
            background=True,
            runner=self._runs.runner,
            expires_at=now + KEPT_SECONDS,
            origin=origin_of(turn),
        )
        await self._store.create(record)
        streamed = turn.stream
        turn.stream, turn.run_key = True, record.id
        self._runs.start(turn, record.id)
        if streamed:
            events = self._runs.follow(record.id, turn.principal.id, -1)
            return Reply("text/event-stream", chunks=framed(events, turn.by_agent), closes_exchange=False)
        return Reply("application/json", body=orjson.dumps(response), closes_exchange=False)

    async def take_up(self, left: StoredResponse) -> bool:
        """Go on with a background response whose process is gone, where an agent answers it: its run is known by the
        response's id, and tells from its beginning what came of it. False: no agent does, or whoever asked is no more."""
        principal = self._find_principal(left.principal_id)
        if not left.background or left.origin is None or principal is None:
            return False
        turn = turn_again(left, left.origin, principal, self._randomness.new_id(), self._clock.now)
        try:
            await self.prepare(turn, lambda link: self.earlier(link, principal))
            offers = chat_offers(self._front.offers(turn), turn)
        except GatewayError:
            return False
        if not offers[0].provider.agents:
            return False
        turn.by_agent = True
        if await self._store.adopt(left.id, left.runner, self._runs.runner, self._clock.now()):
            self._runs.start(turn, left.id)
        return True

    async def _find(self, response_id: str, principal: Principal) -> StoredResponse:
        found = await self._store.get(response_id, principal.id, self._clock.now())
        if found is None:
            raise no_response(response_id)
        return found

    async def earlier(self, link: str, principal: Principal) -> tuple[JsonObject, JsonObject] | None:
        """`(request body, response)` of a finished response of that principal."""
        found = await self._store.get(link, principal.id, self._clock.now())
        return None if found is None or found.status not in TERMINAL else (found.request, found.response)

    async def _keeping(self, turn: Turn, body: JsonObject, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        try:
            async for chunk in chunks:
                before, event = closing_event(chunk)
                if event is not None:
                    try:
                        await self.keep(turn, body, event["response"])
                    except GatewayError as error:
                        self._front.ledger.fail(turn.exchange, error, 200)
                        yield before + sse_frame(failed_instead(event, error, turn.language))
                        return
                yield chunk
            self._front.ledger.settle(turn.exchange)
        finally:
            close = getattr(chunks, "aclose", None)
            if close is not None:
                await close()

    async def keep(self, turn: Turn, body: JsonObject, response: JsonObject) -> None:
        """Keep a finished response with the request that it answers, and settle the exchange.

        An upstream that gives the same id twice names the newer one, if both are the caller's; an id that is taken
        otherwise is not kept: the answer itself is none the worse.
        """
        response_id = response.get("id")
        if isinstance(response_id, str) and response_id:
            await self._keep(turn, body, response, response_id)
        self._front.ledger.settle(turn.exchange)

    async def _keep(self, turn: Turn, body: JsonObject, response: JsonObject, response_id: str) -> None:
        now = self._clock.now()
        status = response.get("status")
        record = StoredResponse(
            id=response_id,
            principal_id=turn.principal.id,
            status=status if isinstance(status, str) else "completed",
            created_at=now,
            updated_at=now,
            request=body,
            response=response,
            runner=self._runs.runner,
            expires_at=now + KEPT_SECONDS,
        )
        try:
            await self._store.create(record)
        except GatewayError as error:
            if error.kind is not ErrorKind.CONFLICT:
                raise
            if await self._store.delete(response_id, turn.principal.id):
                await self._store.create(record)
            else:
                turn.exchange.notes.append("store: not kept (the upstream's id is taken)")


def resource(found: StoredResponse) -> JsonObject:
    """The Response as its owner reads it. A run that a restart cut off is `failed`, with the reason."""
    if found.status == "interrupted":
        error = {"code": "server_error", "message": Text("responses.interrupted").render()}
        return {**found.response, "status": "failed", "error": error}
    return {**found.response, "status": found.status}


def closing_event(chunk: bytes) -> tuple[bytes, JsonObject | None]:
    """The event with the whole Response that ends a stream, if `chunk` (whole events) holds it, and what is before it."""
    if not any(name in chunk for name in _CLOSING_BYTES):
        return chunk, None
    before = b""
    for event in SseSplitter().feed(chunk):
        data = event_data(event)
        if data is not None and any(name in data for name in _CLOSING_BYTES):
            parsed = orjson.loads(data)
            if isinstance(parsed, dict) and parsed.get("type") in _CLOSING and isinstance(parsed.get("response"), dict):
                return before, parsed
        before += event
    return chunk, None


async def framed(events: AsyncIterator[JsonObject], by_agent: bool = False) -> AsyncIterator[bytes]:
    """Event objects as SSE. Streams of agents end with a line of their own."""
    async for event in events:
        yield sse_frame(event)
    if by_agent:
        yield DONE


def page_of(query: dict[str, str]) -> ItemPage:
    """The page that a query asks for. Raises BAD_REQUEST."""
    limit = whole_number(query.get("limit", "20"))
    order = query.get("order", "desc")
    if limit is None or not 1 <= limit <= 100:
        raise bad_request("wire.value", "limit", value=repr(query["limit"][:20]))
    if order not in ("asc", "desc"):
        raise bad_request("wire.value", "order", value=repr(order[:20]))
    return ItemPage(limit, order, query.get("after"))
