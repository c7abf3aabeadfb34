"""The bench measures what it says: its upstream is a vendor, its load generator counts, its table is complete."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any, cast

import orjson
import pytest
from anthropic import Anthropic
from openai import OpenAI

from crawdad.app.bench import codecs, peers
from crawdad.app.bench.load import Job, percentiles
from crawdad.app.bench.measures import MEASURES
from crawdad.app.bench.plan import FULL, QUICK, Plan
from crawdad.app.bench.processes import BenchError, Cores, load, running_on, static_upstream
from crawdad.app.bench.run import run
from crawdad.app.bench.table import Row, as_json, show
from crawdad.app.bench.upstream import MARK
from tests.support.upstreams.faulty import FaultyUpstream
from tests.support.upstreams.scripted import ScriptedUpstream

TINY = Plan(0.2, 0.1, (2, 4), 0.2, 1, 2, 20, 20, 0.1, crowd=8, chats=20)
STAND_IN = (sys.executable, "-m", "tests.support_tests.stand_in", "serve")
HELLO: Any = [{"role": "user", "content": "hi"}]
ROOT = str(Path(__file__).resolve().parents[2])


@pytest.fixture(scope="module")
def static() -> Iterator[int]:
    with static_upstream(Cores(frozenset(), frozenset())) as port:
        yield port


@pytest.fixture
def in_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the stand-in's process find itself."""
    monkeypatch.setenv("PYTHONPATH", ROOT)


def job(port: int, **changes: Any) -> Job:
    given: dict[str, Any] = {
        "kind": "requests",
        "host": "127.0.0.1",
        "port": port,
        "path": "/v1/chat/completions",
        "headers": {},
        "body": '{"model": "whole"}',
        "connections": 4,
        "warmup_seconds": 0.05,
        "seconds": 0.2,
        "events": 0,
    }
    return cast(Job, {**given, **changes})


def stream_job(port: int, model: str, events: int, path: str = "/v1/chat/completions") -> Job:
    body = orjson.dumps({"model": model, "stream": True, "messages": HELLO}).decode()
    return job(port, kind="streams", path=path, body=body, events=events)


def test_the_upstream_is_a_chat_vendor(static: int) -> None:
    with OpenAI(
        base_url=f"http://127.0.0.1:{static}/v1", api_key="x", max_retries=0, _strict_response_validation=True
    ) as client:
        assert client.chat.completions.create(model="whole", messages=HELLO).choices[0].message.content
        with client.chat.completions.stream(model="paced-200-5", messages=HELLO) as stream:
            text = stream.get_final_completion().choices[0].message.content or ""
        assert [int(mark[1]) for mark in MARK.finditer(text.encode())] == [0, 1, 2, 3, 4]
        assert client.chat.completions.create(model="whole", messages=[{"role": "user", "content": "x" * 200_000}]).id
        assert [model.id for model in client.models.list()] == ["whole"]


def test_the_upstream_is_a_messages_vendor(static: int) -> None:
    given: Any = {"model": "paced-200-5", "max_tokens": 9, "messages": HELLO}
    with Anthropic(
        base_url=f"http://127.0.0.1:{static}", api_key="x", max_retries=0, _strict_response_validation=True
    ) as client:
        assert client.messages.create(**given).usage.output_tokens == 10
        with client.messages.stream(**given) as stream:
            assert len(MARK.findall(stream.get_final_text().encode())) == 5


def test_the_upstream_plays_an_agents_model(static: int) -> None:
    said: list[Any] = [*HELLO]
    with OpenAI(
        base_url=f"http://127.0.0.1:{static}/v1", api_key="x", max_retries=0, _strict_response_validation=True
    ) as client:
        with client.chat.completions.stream(model="story", messages=said) as stream:
            message = stream.get_final_completion().choices[0].message
        call = (message.tool_calls or [])[0]
        assert (call.function.name, call.function.arguments) == ("read", '{"path":"BENCH.md"}')
        said += [message.model_dump(exclude_none=True), {"role": "tool", "content": "seen", "tool_call_id": call.id}]
        with client.chat.completions.stream(model="story", messages=said) as stream:
            answer = stream.get_final_completion().choices[0]
        assert (answer.message.content, answer.finish_reason) == ("It says what it says.", "stop")
        with client.chat.completions.stream(model="story", messages=[*said, *HELLO]) as stream:
            assert stream.get_final_completion().choices[0].finish_reason == "tool_calls"


def test_events_are_paced(static: int) -> None:
    found = load(stream_job(static, "paced-50-40", 40), Cores.split()).found
    assert found["lost"] == 0
    assert found["gap"]["p50"] == pytest.approx(20, abs=10)


def test_requests_are_counted_and_timed(static: int) -> None:
    loaded = load(job(static), Cores.split())
    assert loaded.found["requests"] > 10
    assert loaded.found["errors"] == 0
    assert 0 < loaded.found["latency"]["p50"] <= loaded.found["latency"]["p99"]
    assert loaded.wall_seconds > 0.1


def test_failures_are_counted_and_told(scripted: ScriptedUpstream) -> None:
    with pytest.raises(BenchError, match="404"):
        load(job(scripted.port), Cores.split())


def test_lost_events_are_counted(static: int, faulty: FaultyUpstream) -> None:
    assert load(stream_job(static, "paced-200-10", 12), Cores.split()).found["lost"] == 4 * 2
    with pytest.raises(BenchError, match="events missing"):
        load(stream_job(faulty.port, "fault:fin-midstream", 5), Cores.split())


def test_percentiles() -> None:
    assert percentiles([n * 1_000_000 for n in range(101)]) == {"p50": 50, "p90": 90, "p99": 99, "max": 100}
    assert percentiles([]) == {}


def test_processes_are_put_on_cores_and_back() -> None:
    cores = Cores.split()
    if not cores.pinned:
        pytest.skip("processes cannot be pinned here")
    before = os.sched_getaffinity(0)
    with running_on(cores.tested):
        assert os.sched_getaffinity(0) == cores.tested
    assert os.sched_getaffinity(0) == before
    assert not cores.tested & cores.bench


def test_the_whole_run_against_a_stand_in(in_tree: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codecs, "_codec", lambda name: FakeCodec())
    said: list[str] = []
    rows, notes = run(list(MEASURES), TINY, say=said.append, command=STAND_IN)
    assert said == [f"measuring: {name}" for name in MEASURES]
    found = {row.name: row for row in rows}
    unmeasured = {row.name: row.result for row in rows if row.result.startswith("not measured")}
    assert set(unmeasured) <= {"command", "budgets", "control"}, unmeasured  # of these the stand-in has nothing
    # Requests and agents give two each, turns and channels three or, where there was time to measure it, four.
    assert len(MEASURES) + 6 <= len(rows) <= len(MEASURES) + 8
    assert found["command"].result.startswith("not measured: exit code")  # the stand-in has no such command
    assert found["start to first answered request"].data["seconds"] > 0
    assert 0 <= found["chat requests, c=64"].data["cpu_microseconds_per_request"] < 1_000_000
    assert found["chat requests, c=64"].data["errors"] == 0
    assert found["translated streams at 50 events/s"].result.startswith(("4 carried", "2 carried", "none"))
    assert found["resident memory, idle"].data["application_megabytes"] > 5
    assert found["agent turn with one tool call, through the front door"].data["p50_ms"] > 0
    crowd = found["8 agent turns at once, through the front door"].data
    assert crowd["errors"] == 0 and crowd["turns_per_second"] > 0
    assert found["memory over 20 agent turns"].data["megabytes"] > 5
    listed = found["20 sessions, a page of 50 listed and searched"].data
    assert len(listed) == 12 and min(listed.values()) > 0
    assert notes
    orjson.dumps(as_json(rows, notes))


class FakeCodec:
    """Reads a chunk as one event and writes it as it is."""

    def stream_reader(self, profile: object) -> FakeCodec:
        return self

    def stream_writer(self, context: object) -> FakeCodec:
        return self

    def feed(self, chunk: bytes) -> list[bytes]:
        return [chunk]

    def send(self, event: bytes) -> bytes:
        return event


def test_a_gateway_that_does_not_start_is_told_and_no_more(in_tree: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAWDAD_STAND_IN", "crash")
    rows, _ = run(["start", "memory"], TINY, say=lambda line: None, command=STAND_IN)
    assert [row.name for row in rows] == ["start", "memory"]
    assert all("crashed as told" in row.result for row in rows)


def test_a_peer_is_a_handful_of_data(in_tree: None, monkeypatch: pytest.MonkeyPatch) -> None:
    config = (
        '{"models": {"providers": {"static": {"baseUrl": "http://127.0.0.1:$upstream/v1", "apiKey": "x"}}, '
        '"aliases": {"whole": "static/whole", "$stream": "static/$stream"}}}'
    )
    peer = peers.Peer(
        "stand-in",
        start=(*STAND_IN, "--home", "$work"),
        proof=sys.executable,
        files={"openclaw.json": config},
        environment={"CRAWDAD_PORT": "$port", "CRAWDAD_TOKEN": "k", "PYTHONPATH": ROOT},
        headers={"Authorization": "Bearer k"},
        goal=0.01,
    )
    broken = peers.Peer("broken", start=("false",), proof="false")
    absent = peers.Peer("absent", start=("no-such-program",), proof="no-such-program")
    monkeypatch.setattr(peers, "PEERS", (peer, broken, absent))
    rows, _ = run([], TINY, peers=True, say=lambda line: None, command=STAND_IN)
    assert [row.name for row in rows] == ["Crawdad, c=32", "stand-in", "broken"]
    assert rows[1].met
    assert rows[1].data["crawdad_ratio"] > 0
    assert "ended with 1" in rows[2].result


def test_peers_that_cannot_be_installed_leave_nothing_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CRAWDAD_BENCH_DIR", str(tmp_path))
    good = peers.Peer("good one", start=(), proof="here", install=(("touch", "$folder/here"),))
    bad = peers.Peer("bad one", start=(), proof="here", install=(("sh", "-c", "echo no such package >&2; exit 1"),))
    monkeypatch.setattr(peers, "PEERS", (good, bad))
    said: list[str] = []
    assert not peers.install(said.append)
    assert said == ["good one: installed", "bad one: not installed: no such package"]
    assert [path.name for path in tmp_path.iterdir()] == ["good-one"]
    monkeypatch.setattr(peers, "PEERS", (good,))
    assert peers.install(said.append)


def test_every_peer_fills_its_templates(tmp_path: Path) -> None:
    names = {"folder", "work", "port", "metrics", "upstream", "stream"}
    for peer in peers.PEERS:
        texts = [*peer.start, *peer.files.values(), *peer.environment.values(), *peer.headers.values()]
        for text in texts:
            assert set(Template(text).get_identifiers()) <= names, (peer.name, text)


def test_the_plans_keep_their_promise() -> None:
    for plan, most in ((QUICK, 90), (FULL, 600)):
        one, stream = plan.request_seconds + plan.warmup_seconds + 0.5, plan.stream_seconds + plan.warmup_seconds + 1.5
        requests = 3 + 2 + 4 / 2 + 1 + plan.slope_rounds
        turns = 4 * one + 5 + plan.turns * 0.012 + plan.sessions / 2000
        assert turns + requests * one + 2 * len(plan.stream_steps) * stream + plan.starts * 2 * 1.5 + 5 < most


def test_the_table_shows_every_row(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    show([Row("[speed]", "9 of [them]", "≥ 8", True), Row("size", "big")], ["on a quiet machine"])
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("[speed]", "9 of [them]", "≥ 8 ✓", "size", "on a quiet machine"))
