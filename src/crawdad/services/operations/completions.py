"""Completions of plain prompts: each prompt is a turn of its own, all of them one reply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import orjson

from crawdad.core.errors import GatewayError
from crawdad.core.request import ModelRequest
from crawdad.core.response import Folder, ModelResponse
from crawdad.core.usage import Usage
from crawdad.services.turns.front import Events, ModelFront, Reply
from crawdad.services.turns.turn import Turn
from crawdad.wire.codec import ReplyContext
from crawdad.wire.openai_completions import CompletionStreamWriter, read_requests, stream_writers, write_response

_AT_ONCE = 8


class Completions:
    """Takes requests of OpenAI's contract before chat."""

    def __init__(self, front: ModelFront) -> None:
        self._front = front

    async def take(self, turn: Turn) -> Reply:
        """`POST /v1/completions`."""
        requests = read_requests(turn.body)
        context = ReplyContext(turn.model, turn.exchange.id, int(turn.exchange.started_at), requests[0])
        turns = [self._turn(turn, request, number) for number, request in enumerate(requests)]
        if turn.stream:
            writers = stream_writers(requests, context)
            first = await self._front.events(turns[0])
            return Reply("text/event-stream", chunks=self._speak(turns, writers, first))
        limit = asyncio.Semaphore(_AT_ONCE)
        try:
            async with asyncio.TaskGroup() as group:
                answers = [group.create_task(self._whole(one, limit, one is turns[0])) for one in turns]
        except* GatewayError as failed:
            raise _first(failed) from None
        body = write_response(requests, [answer.result() for answer in answers], context)
        return Reply("application/json", body=orjson.dumps(body))

    def _turn(self, turn: Turn, request: ModelRequest, number: int) -> Turn:
        """The turn of one prompt: the first is the client's own, the others have exchanges of their own."""
        exchange = turn.exchange
        if number:
            exchange = replace(
                exchange, id=f"{exchange.id}p{number}", attempts=[], attempt_places=[], notes=[], usage=Usage()
            )
        own = replace(turn, exchange=exchange)
        own.request = request
        return own

    async def _whole(self, turn: Turn, limit: asyncio.Semaphore, is_clients: bool) -> ModelResponse:
        """`is_clients`: the exchange is the client's own, which ends with what the client is told of all prompts."""
        async with limit:
            folder = Folder()
            try:
                async with aclosing(await self._front.events(turn)) as batches:
                    async for batch in batches:
                        for event in batch:
                            folder.add(event)
                return folder.finish()
            except GatewayError as error:
                self._front.ledger.fail(turn.exchange, error, turn.codec.write_error(error)[0])
                raise
            finally:
                if not is_clients:
                    self._front.ledger.abandon(turn.exchange)

    async def _speak(
        self, turns: list[Turn], writers: list[CompletionStreamWriter], first: Events
    ) -> AsyncIterator[bytes]:
        """One prompt after the other, so that the client reads them in order."""
        for number, (turn, writer) in enumerate(zip(turns, writers, strict=True)):
            try:
                events = await self._front.events(turn) if number else first
                async with aclosing(events) as batches:
                    async for batch in batches:
                        data = b"".join([writer.send(event) for event in batch])
                        if data:
                            yield data
            except GatewayError as error:
                self._front.ledger.fail(turn.exchange, error, 200)
                yield writer.fail(error, turn.language)
                return
            finally:
                self._front.ledger.abandon(turn.exchange)


def _first(failed: ExceptionGroup[GatewayError]) -> GatewayError:
    """The error to tell of several prompts' errors."""
    error = failed.exceptions[0]
    return error if isinstance(error, GatewayError) else _first(error)
