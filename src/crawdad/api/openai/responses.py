"""`/v1/responses` and what is below it, over HTTP."""

from __future__ import annotations

import asyncio

from crawdad.api.call import Call
from crawdad.api.front_door import not_found
from crawdad.api.pulse import ClientWatch
from crawdad.api.speaking import STREAM_HEADERS, Dialect, Gate, speak
from crawdad.core.errors import bad_request
from crawdad.core.identity import Principal
from crawdad.services.responses.resuming import number_of
from crawdad.services.responses.service import Responses, page_of
from crawdad.wire.fields import whole_number

RESPONSES = Dialect("openai-responses", "responses", "openai")


class ResponsesRoutes:
    """Handlers bound to a gate and the stored responses."""

    def __init__(self, gate: Gate, responses: Responses) -> None:
        self._gate = gate
        self._responses = responses

    async def create(self, call: Call) -> None:
        """`POST /v1/responses`."""
        await speak(call, self._gate, RESPONSES, take=self._responses.create)

    async def get(self, call: Call, rest: str) -> None:
        """`GET /v1/responses/{id}` and `…/{id}/input_items`."""
        principal = self._enter(call)
        response_id, _, below = rest.partition("/")
        if below == "input_items":
            await call.json(200, await self._responses.items(response_id, principal, page_of(call.query())))
        elif below:
            raise not_found(call)
        elif call.query().get("stream") == "true":
            await self._follow(call, response_id, principal)
        else:
            await call.json(200, await self._responses.get(response_id, principal))

    async def post(self, call: Call, rest: str) -> None:
        """`POST /v1/responses/{id}/cancel`."""
        principal = self._enter(call)
        response_id, _, below = rest.partition("/")
        if below != "cancel":
            raise not_found(call)
        await call.json(200, await self._responses.cancel(response_id, principal))

    async def delete(self, call: Call, rest: str) -> None:
        """`DELETE /v1/responses/{id}`."""
        principal = self._enter(call)
        if "/" in rest:
            raise not_found(call)
        await call.json(200, await self._responses.delete(rest, principal))

    async def _follow(self, call: Call, response_id: str, principal: Principal) -> None:
        given, name = call.query().get("starting_after"), "starting_after"
        after = -1 if given is None else whole_number(given)
        if given is None and (mark := call.header(b"last-event-id")):
            given, name, after = mark, "Last-Event-ID", number_of(mark, response_id)
        if after is None:
            raise bad_request("wire.value", name, value=repr(given)[:20])
        chunks = await self._responses.stream(response_id, principal, after)
        watch = ClientWatch(call)
        try:
            await call.start(200, {"content-type": "text/event-stream", **STREAM_HEADERS})
            async for chunk in chunks:
                await call.more(chunk)
            await call.end()
        except asyncio.CancelledError:
            if not watch.gone:
                raise
            watch.forgive()
        finally:
            watch.stop()

    def _enter(self, call: Call) -> Principal:
        principal = self._gate.admit(call)
        principal.need_protocol(RESPONSES.protocol)
        return principal
