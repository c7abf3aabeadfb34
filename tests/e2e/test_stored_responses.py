"""OpenAI's SDK: responses that are kept, gone on from, run in the background, followed, cancelled and deleted."""

from __future__ import annotations

from typing import Any

import pytest
from openai import BadRequestError, NotFoundError
from openai._models import validate_type
from openai.types.responses import Response

from tests.e2e.material import HELLO, TOOLS
from tests.e2e.modes import Mode
from tests.e2e.openai_clients import OpenAIClients
from tests.e2e.sources import Source
from tests.support.waiting import PATIENCE

READ_FILE = {"type": "function", "name": "read_file", "description": "", "parameters": TOOLS["read_file"][1]}


def test_a_response_is_kept_listed_and_deleted(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    created = openai.response(
        mode,
        model=source.model("hello"),
        input=[
            {"role": "user", "content": f"{n}"} if n % 2 else {"role": "assistant", "content": f"{n}"}
            for n in range(1, 6)
        ],
        instructions="Be brief.",
    )
    kept = openai.sync.responses.retrieve(created.id)
    assert kept.to_dict() == created.to_dict()
    assert kept.output_text == HELLO
    page = openai.sync.responses.input_items.list(created.id, limit=2, order="asc")
    items: list[Any] = list(page)  # the SDK asks for the pages that follow
    assert len(page.data) == 2
    assert [item.content[0].text for item in items] == ["1", "2", "3", "4", "5"]
    assert len({item.id for item in items}) == 5
    newest: Any = openai.sync.responses.input_items.list(created.id).data[0]
    assert newest.content[0].text == "5"
    openai.sync.responses.delete(created.id)
    for gone in (openai.sync.responses.retrieve, openai.sync.responses.delete, openai.sync.responses.input_items.list):
        with pytest.raises(NotFoundError):
            gone(created.id)


def test_only_a_completed_answer_says_when_it_was(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    completed = openai.response(mode, model=source.model("hello"), input="hi")
    assert completed.status == "completed"
    assert completed.completed_at is not None
    assert 0 <= completed.completed_at - completed.created_at < PATIENCE
    assert openai.sync.responses.retrieve(completed.id).completed_at == completed.completed_at
    assert openai.response(mode, model=source.model("cut-off"), input="hi").completed_at is None


def test_what_shall_not_be_kept_is_not(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    created = openai.response(mode, model=source.model("hello"), input="hi", store=False)
    with pytest.raises(NotFoundError):
        openai.sync.responses.retrieve(created.id)
    with pytest.raises(NotFoundError):
        openai.response(mode, model=source.model("hello"), input="hi", previous_response_id=created.id)


def test_going_on_from_an_earlier_response(openai: OpenAIClients, source: Source, mode: Mode) -> None:
    request = {"model": source.thinker("thinking-loop"), "tools": [READ_FILE], "reasoning": {"effort": "low"}}
    answer = openai.response(mode, input="read it", instructions="Be brief.", **request)
    for text in ("a.txt", "the text"):
        call = answer.output[-1]
        assert call.type == "function_call"
        given = [{"type": "function_call_output", "call_id": call.call_id, "output": text}]
        previous = answer.id
        answer = openai.response(mode, input=given, previous_response_id=previous, **request)
        assert answer.previous_response_id == previous
    assert answer.output_text == "Done after two tools: a.txt | the text"
    assert source.heard.system == ""  # instructions are not carried over
    items: Any = openai.sync.responses.input_items.list(answer.id, order="asc").data
    assert [item.type for item in items] == ["function_call_output"]


def test_a_background_run(openai: OpenAIClients, source: Source) -> None:
    responses = openai.sync.responses
    with source.upstream.holding(2) as hold:
        created = responses.create(model=source.model("hello"), input="hi", background=True)
        assert created.status in ("queued", "in_progress")
        assert created.background is True
        assert hold.reached.wait(PATIENCE)
        assert responses.retrieve(created.id).status in ("queued", "in_progress")
    events = list(responses.retrieve(created.id, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    finished = responses.retrieve(created.id)
    assert (finished.status, finished.output_text) == ("completed", HELLO)
    assert finished.background is True
    assert validate_type(type_=Response, value=finished.to_dict()).id == created.id
    assert responses.cancel(created.id).status == "completed"  # which is not undone


def test_a_lost_stream_is_taken_up_again(openai: OpenAIClients, source: Source) -> None:
    responses = openai.sync.responses
    with source.upstream.holding(4) as hold:
        seen: list[Any] = []
        with responses.create(model=source.model("hello"), input="hi", background=True, stream=True) as stream:
            for event in stream:
                seen.append(event)
                if len(seen) == 3:
                    break
        assert hold.reached.wait(PATIENCE)
    seen += responses.retrieve(seen[0].response.id, stream=True, starting_after=seen[-1].sequence_number)
    assert [event.sequence_number for event in seen] == list(range(len(seen)))
    assert "".join(event.delta for event in seen if event.type == "response.output_text.delta") == HELLO
    assert seen[-1].type == "response.completed"
    assert (
        list(responses.retrieve(seen[0].response.id, stream=True, starting_after=seen[-2].sequence_number)) == seen[-1:]
    )


def test_a_background_run_is_cancelled(openai: OpenAIClients, source: Source) -> None:
    responses = openai.sync.responses
    with source.upstream.holding(2) as hold:
        created = responses.create(model=source.model("hello"), input="hi", background=True)
        assert hold.reached.wait(PATIENCE)
        request = source.last
        assert responses.cancel(created.id).status == "cancelled"
        source.upstream.journal.wait(lambda _: request.left_at is not None)
    assert responses.retrieve(created.id).status == "cancelled"
    assert responses.cancel(created.id).status == "cancelled"
    list(responses.retrieve(created.id, stream=True))  # ends


def test_a_failed_background_run_tells_why(openai: OpenAIClients, source: Source) -> None:
    created = openai.sync.responses.create(model=source.other("davinci-002"), input="hi", background=True)
    list(openai.sync.responses.retrieve(created.id, stream=True))
    failed = openai.sync.responses.retrieve(created.id)
    assert failed.status == "failed"
    assert failed.error is not None
    assert "davinci-002" in failed.error.message


def test_what_cannot_be(openai: OpenAIClients, source: Source) -> None:
    responses, model = openai.sync.responses, source.model("hello")
    with pytest.raises(BadRequestError, match="store"):
        responses.create(model=model, input="hi", background=True, store=False)
    plain = responses.create(model=model, input="hi")
    with pytest.raises(BadRequestError, match="background"):
        responses.cancel(plain.id)
    with pytest.raises(BadRequestError, match="background"):
        list(responses.retrieve(plain.id, stream=True))
