"""The replay upstream gives back what was recorded, byte for byte, and keeps what it received."""

from __future__ import annotations

import orjson
import pytest

from tests.support import goldens
from tests.support.goldens import Golden
from tests.support.upstreams import cuts
from tests.support.upstreams.replay import ReplayUpstream
from tests.support_tests.http import fetch

FILES = ("openai-chat", "openai-responses", "anthropic-messages", "gemini", "gemini-vertex", "openai-embeddings")
STREAM = 'data: {"text":"Grüße 你好"}\n\ndata: [DONE]\n\n'


def made(story: str, request: object, body: object, host: str = "api.openai.com", status: int = 200) -> Golden:
    headers = {"content-type": "text/event-stream" if isinstance(body, str) else "application/json", "x-secret": "no"}
    return Golden(story, 0, host, "openai-chat", "/v1/chat/completions", request, status, headers, body)


@goldens.needs_goldens
@pytest.mark.parametrize("name", FILES)
def test_every_recording_is_found_by_its_request(name: str) -> None:
    recorded = goldens.load(name)
    with ReplayUpstream(recorded, cuts.odd(7)) as upstream:
        for golden in recorded:
            answer = fetch(upstream.url, golden.path, golden.request)
            alike = [g for g in recorded if (g.path, g.request) == (golden.path, golden.request)]
            bodies = [g.body.encode() if g.streamed else orjson.dumps(g.body) for g in alike]
            assert answer.status in [g.status for g in alike]
            assert answer.body in bodies
            assert answer.headers["content-type"] == golden.headers["content-type"]
        assert not upstream.unmatched
        assert [entry.json for entry in upstream.journal] == [golden.request for golden in recorded]


def test_alike_recordings_take_turns() -> None:
    with ReplayUpstream([made("a", {"model": "m"}, {"n": 1}), made("b", {"model": "m"}, {"n": 2})]) as upstream:
        got = [fetch(upstream.url, "/v1/chat/completions", {"model": "m"}).json["n"] for _ in range(3)]
    assert got == [1, 2, 1]


def test_a_recording_is_chosen_by_queue_header_or_model() -> None:
    recorded = [made("a[x]", {"model": "1"}, {"n": 1}), made("b", {"model": "2"}, {"n": 2})]
    recorded.append(made("b", {"model": "3"}, {"n": 3}, host="openrouter.ai"))
    with ReplayUpstream(recorded) as upstream:

        def ask(model: str, headers: dict[str, str] | None = None) -> int:
            return int(fetch(upstream.url, "/chat/completions", {"model": model}, headers).json["n"])

        upstream.next(recorded[1], recorded[0])
        assert [ask("whatever"), ask("whatever")] == [2, 1]
        assert ask("whatever", {"x-golden": "b-0"}) == 2
        assert ask("golden:a[x]-0") == 1
        assert ask("golden:b-0@openrouter.ai") == 3


def test_the_rest_is_a_404_and_remembered() -> None:
    with ReplayUpstream([made("a", {"model": "1"}, {})]) as upstream:
        assert fetch(upstream.url, "/v1/chat/completions", {"model": "2"}).status == 404
        assert fetch(upstream.url, "/v1/chat/completions", {"model": "golden:z-0"}).status == 404
        assert [entry.json["model"] for entry in upstream.unmatched] == ["2", "golden:z-0"]


@pytest.mark.parametrize(
    "cut", [cuts.whole, cuts.events, cuts.every(1), cuts.odd(3), cuts.before_last_newline, cuts.inside_characters]
)
def test_no_cut_changes_the_bytes(cut: cuts.Cut) -> None:
    assert b"".join(cut(STREAM.encode())) == STREAM.encode()
    with ReplayUpstream([made("a", {"model": "1"}, STREAM)], cut) as upstream:
        answer = fetch(upstream.url, "/v1/chat/completions", {"model": "1"})
    assert answer.body == STREAM.encode()
    assert "x-secret" not in answer.headers


def test_cuts_go_where_they_say() -> None:
    assert any(not _decodes(piece) for piece in cuts.inside_characters(STREAM.encode()))
    assert all(b"\n\n" not in piece for piece in cuts.before_last_newline(STREAM.encode()))


def _decodes(piece: bytes) -> bool:
    try:
        piece.decode()
    except UnicodeDecodeError:
        return False
    return True
