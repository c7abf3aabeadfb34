"""OpenAI's SDK over a WebSocket: one turn after another on one connection."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from openai import OpenAI
from openai._models import validate_type
from openai.types.responses import ResponsesServerEvent
from websockets.exceptions import InvalidStatus

from tests.e2e.material import HELLO, SIGNATURES, TOOLS, opaque_values
from tests.e2e.openai_clients import OpenAIClients
from tests.e2e.sources import Source
from tests.support.server import Gateway
from tests.support.waiting import PATIENCE

_SERVER_EVENT: Any = ResponsesServerEvent
ENDS = ("response.completed", "response.incomplete", "response.failed", "error")


# The SDK still opens connections as `websockets` no longer likes it.
pytestmark = pytest.mark.filterwarnings("ignore:connect.. must be used:DeprecationWarning")


def heard(connection: Any) -> list[Any]:
    """The events of one turn, each valid."""
    events: list[Any] = []
    while not events or events[-1].type not in ENDS:
        event = connection.recv()
        events.append(validate_type(type_=_SERVER_EVENT, value=event.to_dict()))
    if events[-1].type != "error":
        assert [event.sequence_number for event in events] == list(range(len(events)))
    return events


def test_one_turn_after_another(openai: OpenAIClients, source: Source) -> None:
    tools: list[Any] = [
        {"type": "function", "name": name, "description": "", "parameters": TOOLS[name][1], "strict": True}
        for name in ("list_files", "read_file")
    ]
    request: dict[str, Any] = {
        "model": source.thinker("thinking-loop"),
        "tools": tools,
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "store": False,
    }
    with openai.sync.responses.connect() as connection:
        connection.response.create(**request, input="read it")
        events = heard(connection)
        for text in ("a.txt", "the text"):
            response = events[-1].response
            call = response.output[-1]
            assert call.type == "function_call"
            given: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": text}]
            connection.response.create(**request, input=given, previous_response_id=response.id)
            events = heard(connection)
        assert events[-1].response.output_text == "Done after two tools: a.txt | the text"
        assert events[-1].response.model == request["model"]
    if source.protocol != "ollama":
        assert opaque_values(source.protocol, source.last) == set(SIGNATURES["thinking-loop"])


def test_a_turn_is_prepared_first(openai: OpenAIClients, source: Source) -> None:
    """Codex sends instructions and tools ahead, without wanting an answer."""
    before = len(source.upstream.journal)
    with openai.sync.responses.connect() as connection:
        frame = {"type": "response.create", "model": source.model("system"), "store": False}
        connection.send_raw(_json({**frame, "generate": False, "input": [_says("developer", "Be brief.")]}))
        prepared = heard(connection)[-1].response
        assert (prepared.status, prepared.output) == ("completed", [])
        assert len(source.upstream.journal) == before
        connection.send_raw(_json({**frame, "previous_response_id": prepared.id, "input": [_says("user", "hi")]}))
        assert heard(connection)[-1].response.output_text == "My instructions: Be brief."


def test_an_error_does_not_end_the_connection(openai: OpenAIClients, source: Source) -> None:
    with openai.sync.responses.connect() as connection:
        connection.response.create(model="no-such/model", input="hi")
        (event,) = heard(connection)
        assert event.error.code == "model_not_found"
        connection.response.create(model=source.model("hello"), input="hi")
        assert heard(connection)[-1].response.output_text == HELLO


def test_what_was_kept_is_found_over_http(openai: OpenAIClients, source: Source) -> None:
    with openai.sync.responses.connect() as connection:
        connection.response.create(model=source.model("hello"), input="hi")
        response = heard(connection)[-1].response
    assert openai.sync.responses.retrieve(response.id).output_text == HELLO


def test_async(openai: OpenAIClients, source: Source) -> None:
    async def turn() -> str:
        async with openai.asynchronous.responses.connect() as connection:
            await connection.response.create(model=source.model("hello"), input="hi")
            async for event in connection:
                if event.type == "response.completed":
                    return event.response.output_text
        return ""

    assert openai.run(turn()) == HELLO


def test_leaving_cancels_the_turn(openai: OpenAIClients, source: Source) -> None:
    with source.upstream.holding(2) as hold:
        with openai.sync.responses.connect() as connection:
            connection.response.create(model=source.model("hello"), input="hi")
            assert hold.reached.wait(PATIENCE)
            request = source.last
        source.upstream.journal.wait(lambda _: request.left_at is not None, timeout=PATIENCE)


def test_a_wrong_key_is_refused_at_the_door(gateway: Gateway) -> None:
    with (
        OpenAI(base_url=gateway.base_url + "/v1", api_key="wrong", max_retries=0) as client,
        pytest.raises(InvalidStatus) as caught,
        client.responses.connect(),
    ):
        pass
    assert caught.value.response.status_code == 401


def _says(role: str, text: str) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]}


def _json(frame: dict[str, Any]) -> str:
    return orjson.dumps(frame).decode()
