"""`POST /sessions`, `POST /sessions/{id}/messages` and what belongs to a turn: stopping it, looking at it, hearing it again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import StreamingResponse

from crawdad.api.guide.bodies import CreateBody, KnobsBody, SayBody, message_of
from crawdad.api.guide.context import Guide
from crawdad.api.guide.shapes import reply, session, session_id
from crawdad.api.guide.streams import kept_warm, told
from crawdad.api.speaking import STREAM_HEADERS
from crawdad.core.errors import GatewayError, bad_request
from crawdad.services.sessions.conversations import Caller, NewConversation, TurnWish

BASE = "/api/v1/sessions"
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]
LastEvent = Annotated[int, Header(alias="Last-Event-ID", ge=0)]


def turn_routes(router: APIRouter, guide: Guide) -> None:
    """Add the routes."""
    talks = guide.conversations
    entered = Depends(guide.enter)

    def stream(run_id: str, begun: dict[str, Any], caller: Caller, after: int = 0) -> StreamingResponse:
        events = told(talks, run_id, begun, after=after, language=caller.language)
        seconds = guide.settings.gateway.keep_alive_seconds
        warm = kept_warm(events, guide.tasks, seconds, caller.language)
        return StreamingResponse(warm, headers=STREAM_HEADERS, media_type="text/event-stream")

    @router.post(BASE)
    async def create(request: Request, body: CreateBody, key: Key = None, caller: Caller = entered) -> Response:
        wanted = NewConversation(
            [message_of(each, f"messages[{place}]") for place, each in enumerate(body.messages)],
            body.context.session_id,
            body.context.agent_id or request.headers.get("x-openclaw-agent-id"),
            body.title,
            _wish(body, key),
        )
        begun = await talks.begin(wanted, caller)
        data = session(begun.entry)
        status = 201 if begun.created else 200
        if begun.run_id is None:
            return guide.answer(data, status)
        if _streamed(request, body):
            return stream(begun.run_id, data, caller)
        try:
            state = await talks.wait(begun.run_id)
        except GatewayError as error:
            error.details["sessionId"] = data["sessionId"]  # it is there, whatever became of the turn
            raise
        entry = await talks.sessions.get(begun.entry.key) or begun.entry
        return guide.answer({**session(entry), **reply(state), "sessionId": data["sessionId"]}, status)

    @router.post(f"{BASE}/{{name}}/messages")
    async def say(request: Request, name: str, body: SayBody, key: Key = None, caller: Caller = entered) -> Response:
        entry = await talks.find(name, caller)
        message = message_of(body.message, "message")
        if message.role != "user":
            raise bad_request("guide.bad_role", "message.role")
        run_id = await talks.say(entry, message.parts, _wish(body, key), caller)
        named = {"sessionId": session_id(entry)}
        if _streamed(request, body):
            return stream(run_id, named, caller)
        return guide.answer({**named, **reply(await talks.wait(run_id))})

    @router.post(f"{BASE}/{{name}}/abort")
    async def abort(name: str, caller: Caller = entered) -> Response:
        entry = await talks.find(name, caller)
        stopped = await talks.abort(entry)
        return guide.answer({"sessionId": session_id(entry), "aborted": bool(stopped), "runIds": stopped})

    @router.get(f"{BASE}/{{name}}/runs/{{run_id}}")
    async def look(
        request: Request, name: str, run_id: str, last_event: LastEvent = 0, caller: Caller = entered
    ) -> Response:
        entry = await talks.find(name, caller)
        state = await talks.run_of(entry, run_id)
        named = {"sessionId": session_id(entry)}
        if _accepts_stream(request):
            return stream(run_id, named, caller, last_event)
        return guide.answer({**named, **reply(state), "errorMessage": state.error, "errorKind": state.error_kind})


def _wish(body: KnobsBody, key: str | None) -> TurnWish:
    return TurnWish(body.model, body.sampling, body.timeout_seconds, key or None, body.queue_mode)


def _accepts_stream(request: Request) -> bool:
    return "text/event-stream" in request.headers.get("accept", "").lower()


def _streamed(request: Request, body: KnobsBody) -> bool:
    return body.stream or _accepts_stream(request)
