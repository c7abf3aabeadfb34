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
from crawdad.services.responses.framing import closed, closing_event, framed
from crawdad.services.responses.history import Earlier, no_response, with_history
from crawdad.services.responses.resuming import (
    KEPT_SECONDS,
    LAST_EVENT,
    Mark,
    Resuming,
    mark_of,
    run_gone,
    run_of,
)
from crawdad.services.responses.runs import Runs
from crawdad.services.turns.front import ModelFront, Reply, chat_offers
from crawdad.services.turns.turn import Turn
from crawdad.store.responses import ResponseStore, StoredResponse
from crawdad.wire.fields import check_request_depth, get_bool, parse_upstream, whole_number
from crawdad.wire.openai_responses import failed_instead, input_items, response_object, sse_frame

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
        resuming: Resuming | None = None,
    ) -> None:
        self._front = front
        self._store = store
        self._runs = runs
        self._clock = clock
        self._randomness = randomness
        self._find_principal = find
        self.resuming = resuming
        runs.take_up = self.take_up

    async def create(self, turn: Turn) -> Reply:
        """`POST /v1/responses`. The response is kept, unless `store` is false, before its last byte goes out."""
        body = turn.body
        mark = self._mark(turn)
        if mark is not None:
            return await self._again(turn, mark)
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
            await self.keep(turn, body, parse_upstream(reply.body))
        elif reply.chunks is not None:
            record = await self._opened(turn, body, reply.chunks)
            reply.chunks = self._keeping(turn, body, reply.chunks, record)
        return reply

    async def _opened(self, turn: Turn, body: JsonObject, chunks: AsyncIterator[bytes]) -> StoredResponse | None:
        """What is kept of an agent's answer whose stream begins: it can be taken up again."""
        if self.resuming is None or not turn.run_id:
            return None
        try:
            return await self.resuming.open(turn, body)
        except BaseException:
            await closed(chunks)
            raise

    def _mark(self, turn: Turn) -> Mark | None:
        """Where the stream broke off that the client wants the rest of. Raises NOT_FOUND for one that cannot be: whoever wants
        a stream taken up wants no second answer."""
        given = turn.gateway_headers.get(LAST_EVENT, "")
        if not given or not turn.stream:
            return None
        mark = mark_of(given)
        if mark is None and self._is_for_agent(turn):
            raise run_gone()
        return mark

    async def _again(self, turn: Turn, mark: Mark) -> Reply:
        """The rest of a stream that broke off."""
        try:
            found = await self._find(mark.response_id, turn.principal)
            events = await self.follow(found.id, turn.principal, mark.number)
        except GatewayError as error:
            raise run_gone() if error.kind in (ErrorKind.NOT_FOUND, ErrorKind.BAD_REQUEST) else error from None
        self._front.ledger.prepared(turn.exchange)
        return Reply("text/event-stream", chunks=framed(events, self._mark_for(found)))

    @staticmethod
    def _mark_for(found: StoredResponse) -> str:
        """What the events of a response's stream are marked with: its id, where an agent answers."""
        return found.id if found.origin is not None and found.origin.get("agent") else ""

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
        stored = get_bool(body, "store") is not False
        if stored:
            check_request_depth(body)  # it is kept as it came, also where nobody else reads it
        return stored

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
        found = await self._find(response_id, principal)
        await self._stop(found)
        if not await self._store.delete(response_id, principal.id):
            raise no_response(response_id)
        return {"id": response_id, "object": "response", "deleted": True}

    async def cancel(self, response_id: str, principal: Principal) -> JsonObject:
        """Stop a background run, or an agent's that streams. One that has ended is given back as it is. Raises NOT_FOUND."""
        found = await self._find(response_id, principal)
        if not found.background and (not run_of(found) or found.status in TERMINAL):
            raise bad_request("responses.not_background")
        if found.status not in TERMINAL:
            cancelled = {**found.response, "status": "cancelled"}
            await self._store.update(response_id, principal.id, "cancelled", self._clock.now(), cancelled)
            await self._stop(found)
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

    async def _stop(self, found: StoredResponse) -> None:
        if found.background:
            await self._runs.stop(found.id)
        elif self.resuming is not None and run_of(found) and found.status not in TERMINAL:
            await self.resuming.stop(found)

    async def follow(self, response_id: str, principal: Principal, after: int = -1) -> AsyncIterator[JsonObject]:
        """The events of a response whose number is greater than `after`, until it has ended: of one in the background, or of an
        agent's that was streamed."""
        found = await self._find(response_id, principal)
        if found.background:
            return self._runs.follow(response_id, principal.id, after)
        if self.resuming is None or not run_of(found):
            raise bad_request("responses.not_background", "stream")
        return await self.resuming.tell(found, principal, after)

    async def stream(self, response_id: str, principal: Principal, after: int = -1) -> AsyncIterator[bytes]:
        """The same as server-sent events."""
        found = await self._find(response_id, principal)
        return framed(await self.follow(response_id, principal, after), self._mark_for(found))

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
            mark = self._mark_for(record)
            return Reply("text/event-stream", chunks=framed(events, mark), closes_exchange=False)
        return Reply("application/json", body=orjson.dumps(response), closes_exchange=False)

    async def take_up(self, left: StoredResponse) -> bool:
        """Go on with a background response whose process is gone, where an agent answers it: its run is known by the
        response's id, and tells from its beginning what came of it. False: no agent does, or whoever asked is no more."""
        principal = self._find_principal(left.principal_id)
        if left.origin is None or principal is None:
            return False
        if not left.background:
            return self.resuming is not None and await self.resuming.take_up(left, principal)
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

    async def _keeping(
        self, turn: Turn, body: JsonObject, chunks: AsyncIterator[bytes], record: StoredResponse | None
    ) -> AsyncIterator[bytes]:
        ended = False
        try:
            async for chunk in chunks:
                before, event = closing_event(chunk)
                if event is not None:
                    try:
                        if record is not None and self.resuming is not None:
                            await self.resuming.end(record, event["response"])
                        else:
                            await self.keep(turn, body, event["response"])
                        ended = True
                    except GatewayError as error:
                        self._front.ledger.fail(turn.exchange, error, 200)
                        yield before + sse_frame(failed_instead(event, error, turn.language))
                        return
                yield chunk
            self._front.ledger.settle(turn.exchange)
        finally:
            await closed(chunks)
            if record is not None and self.resuming is not None and not ended:
                self.resuming.leave(record, turn.principal)

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


def page_of(query: dict[str, str]) -> ItemPage:
    """The page that a query asks for. Raises BAD_REQUEST."""
    limit = whole_number(query.get("limit", "20"))
    order = query.get("order", "desc")
    if limit is None or not 1 <= limit <= 100:
        raise bad_request("wire.value", "limit", value=repr(query["limit"][:20]))
    if order not in ("asc", "desc"):
        raise bad_request("wire.value", "order", value=repr(order[:20]))
    return ItemPage(limit, order, query.get("after"))
