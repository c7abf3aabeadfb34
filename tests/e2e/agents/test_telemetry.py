"""Traces, as a collector gets them: from the client's header through the agent, its tool and its model, and on to the upstream."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.agents.conftest import OpenScene
from tests.support.scripted_model import calls, says
from tests.support.upstreams.loopback import LoopbackServer, Received, Reply
from tests.support.waiting import eventually

pytest.importorskip("opentelemetry.sdk", reason="needs the extra 'telemetry'")
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SECRET = "the-milk-is-sour"


class Collector(LoopbackServer):
    """Takes OTLP over HTTP, and reads it with the official messages."""

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[Any] = []
        self.service = ""
        self.raw = b""
        self.headers: dict[str, str] = {}

    async def answer(self, request: Received, reply: Reply) -> None:
        assert request.path == "/v1/traces"
        packed = request.headers.get("content-encoding") == "gzip"
        body = gzip.decompress(request.body) if packed else request.body
        self.raw, self.headers = self.raw + body, request.headers
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.service = values(resource.resource)["service.name"]
            self.spans += [span for scope in resource.scope_spans for span in scope.spans]
        await reply.whole(200, b"", {"content-type": "application/x-protobuf"})

    def named(self, start: str) -> list[Any]:
        return [span for span in self.spans if span.name.startswith(start)]


def values(holder: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in holder.attributes}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


def test_a_turn_of_an_agent_is_one_trace(open_scene: OpenScene, collector: Collector) -> None:
    telemetry = {
        "endpoint": f"{collector.url}/v1/traces",
        "headers": {"x-collector-token": "t"},
        "serviceName": "home",
        "propagate": True,
    }
    scene = open_scene(
        calls(("write", {"path": "note.md", "content": SECRET})), says("It stands there."), telemetry=telemetry
    )
    scene.client.headers["traceparent"] = f"00-{TRACE}-{CALLER}-01"
    scene.chat(f"Note: {SECRET}")
    del scene.client.headers["traceparent"]
    eventually(lambda: collector.named("POST chat"), "the span of the request")
    assert (collector.service, collector.headers["x-collector-token"]) == ("home", "t")
    spans = {span.span_id.hex(): span for span in collector.spans}
    assert {span.trace_id.hex() for span in spans.values()} == {TRACE}
    (request,) = collector.named("POST chat")
    (agent,) = collector.named("invoke_agent")
    (tool,) = collector.named("execute_tool write")
    asked, upstream = collector.named("ask model"), collector.named("chat model")
    assert request.parent_span_id.hex() == CALLER and agent.parent_span_id == request.span_id
    assert [len(asked), len(upstream)] == [2, 2]
    for span in (tool, *asked):
        assert span.parent_span_id == agent.span_id
    assert {span.parent_span_id for span in upstream} == {span.span_id for span in asked}
    assert all(
        request.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano for span in upstream
    )
    said = values(upstream[-1])
    assert (said["gen_ai.provider.name"], said["gen_ai.request.model"]) == ("scripted", "model")
    assert said["gen_ai.usage.input_tokens"] > 0 and said["http.response.status_code"] == 200
    assert SECRET.encode() not in collector.raw  # what was asked and answered is nobody's business
    told = {each.headers["traceparent"] for each in scene.model.journal if each.method == "POST"}
    assert told == {f"00-{TRACE}-{span.span_id.hex()}-01" for span in upstream}


def test_nobody_is_told_who_does_not_want_to_be(open_scene: OpenScene, collector: Collector) -> None:
    telemetry = {"enabled": False, "endpoint": f"{collector.url}/v1/traces", "propagate": True}
    scene = open_scene(says("Hello."), telemetry=telemetry)
    scene.client.headers["traceparent"] = f"00-{TRACE}-{CALLER}-01"
    scene.chat("Hello")
    scene.gateway.stop()
    assert not collector.spans
    assert all("traceparent" not in received.headers for received in scene.model.journal)
