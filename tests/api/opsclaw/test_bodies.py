"""Bodies of requests and answers, as the routes of the log tell them, and what of them is never kept."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import orjson
import pytest
from websockets.sync.client import connect

from tests.api.opsclaw.administrator import ADMIN, Administrator
from tests.api.opsclaw.conftest import PROVIDER_KEY, configuration
from tests.attacks.clients import CLIENTS, Client
from tests.support.server import TOKEN, running_gateway
from tests.support.upstreams.faulty import FaultyUpstream
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.waiting import PATIENCE


@pytest.fixture(scope="module")
def administrator(
    scripted_upstream: ScriptedUpstream, faulty_upstream: FaultyUpstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Administrator]:
    """Of a gateway that keeps little of each body."""
    found = configuration(scripted_upstream, faulty_upstream, logging={"bodies": {"maxBytes": 3000}})
    with running_gateway(found, home=tmp_path_factory.mktemp("bodies")) as gateway:
        yield Administrator(gateway)


def newest(administrator: Administrator) -> dict[str, object]:
    (entry,) = administrator.get("/api/logs", limit=1)
    found: dict[str, object] = administrator.get(f"/api/logs/{entry['id']}")
    return found


def bodies(administrator: Administrator) -> tuple[str, str]:
    found = newest(administrator)
    return str(found["request_body"]), str(found["response_body"])


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("upstream", ["chat", "anthropic"])
def test_a_stream_is_told_as_what_it_said(fresh: Administrator, client: Client, upstream: str) -> None:
    fresh.talk(client, f"{upstream}/story:weather", stream=True, text="How is the weather?")
    asked, answered = bodies(fresh)
    assert "How is the weather?" in asked
    told = orjson.loads(answered)
    assert told["content"] == "I will look it up."
    (call,) = told["tool_calls"]
    assert call["name"] == "get_weather" and orjson.loads(call["arguments"])["city"] == "Zürich"
    assert told["stop_reason"] == "tool_use"
    assert isinstance(told["input_tokens"], int) and isinstance(told["output_tokens"], int)


def test_thinking_is_told_apart(fresh: Administrator) -> None:
    fresh.talk("anthropic", "anthropic/story:thinker", stream=True)
    told = orjson.loads(bodies(fresh)[1])
    assert told["thinking"] and told["content"] and told["thinking_signature"]


def test_a_stream_that_breaks_is_told_as_far_as_it_came(fresh: Administrator) -> None:
    fresh.talk("chat", "faulty/fault:fin-midstream", stream=True)
    found = newest(fresh)
    told = orjson.loads(str(found["response_body"]))
    assert found["error"] and told["error"] and told["content"]


def test_an_error_is_kept_as_it_was_told(fresh: Administrator) -> None:
    answer = fresh.talk("anthropic", "faulty/fault:status,code=429")
    assert bodies(fresh)[1].encode() == answer.body
    fresh.ask("POST", "/v1/chat/completions", b'{"model": "chat/story:hello", "mess', fresh.gateway.headers)
    asked, answered = bodies(fresh)
    assert asked == '{"model": "chat/story:hello", "mess' and "error" in orjson.loads(answered)


def test_what_is_too_long_is_cut_and_marked(fresh: Administrator) -> None:
    fresh.talk("chat", "chat/story:long", text="words " * 5000)
    found = newest(fresh)
    assert found["request_truncated"] is True and len(str(found["request_body"])) == 3000
    assert found["response_truncated"] is True and len(str(found["response_body"])) == 3000
    fresh.talk("chat", "chat/story:hello", text="你" * 5000)
    found = newest(fresh)
    assert found["request_truncated"] is True
    assert set(str(found["request_body"])[-20:]) == {"你"}, "no character is cut in two"


def test_a_long_stream_is_told_up_to_the_bound(fresh: Administrator) -> None:
    fresh.talk("chat", "chat/story:long", stream=True)
    found = newest(fresh)
    assert found["response_truncated"] is True
    assert str(found["response_body"]).startswith('{\n  "content": "All work and no play')


def test_pictures_and_files_are_only_hinted_at(fresh: Administrator) -> None:
    picture = base64.b64encode(bytes(range(256)) * 400).decode()
    content = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}},
        {"type": "text", "text": "What is that?"},
    ]
    body = {"model": "chat/story:sees", "messages": [{"role": "user", "content": content}]}
    assert fresh.ask("POST", "/v1/chat/completions", body, fresh.gateway.headers).status == 200
    found = newest(fresh)
    asked = orjson.loads(str(found["request_body"]))
    assert asked["messages"][0]["content"][1]["text"] == "What is that?" and not found["request_truncated"]
    form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF\x00\xff\r\n--b--\r\n'
    headers = {**fresh.gateway.headers, "content-type": "multipart/form-data; boundary=b"}
    fresh.ask("POST", "/v1/audio/transcriptions", form, headers)
    assert bodies(fresh)[0] == f"[multipart/form-data, {len(form)} bytes]"
    fresh.ask("POST", "/v1/chat/completions", b"\x00\x01\x02\xff", fresh.gateway.headers)
    assert bodies(fresh)[0] == "[application/json, 4 bytes]"


@pytest.mark.parametrize("client", CLIENTS)
def test_no_credential_is_kept(fresh: Administrator, client: Client) -> None:
    """Attacks 20 and 53: a client that repeats its own key, in any spelling, to a model that repeats everything."""
    spelled = (
        TOKEN,
        quote(TOKEN, safe="").replace("-", "%2D"),
        base64.b64encode(TOKEN.encode()).decode(),
        base64.b64encode(b"x" + TOKEN.encode()).decode(),
        "sk-proj-abcdEFGH1234567890abcdEFGH",
        "password=hunter2-hunter2",
    )
    for stream in (False, True):
        fresh.talk(client, "chat/story:echo", text=" and ".join(spelled), stream=stream)
        for body in bodies(fresh):
            assert "[redacted]" in body and " and " in body
            for secret in (TOKEN, *spelled[2:5], "hunter2-hunter2", "Y2QtdGVzdC10b2tlb"):
                assert secret not in body, (secret, body)


def test_nothing_secret_is_in_the_files(fresh: Administrator) -> None:
    """Bodies are compressed in the database: look at what the routes tell, and at the files themselves."""
    fresh.talk("gemini", "chat/story:echo", text=f"key {TOKEN}", headers={"x-goog-api-key": TOKEN})
    fresh.talk("gemini", f"chat/story:echo?key={TOKEN}&alt=sse", headers={})
    fresh.talk("chat", "faulty/fault:error-echo", text="hi")
    told = repr([fresh.get(f"/api/logs/{entry['id']}") for entry in fresh.get("/api/logs")])
    written = b"".join(path.read_bytes() for path in Path(fresh.gateway.home).rglob("*") if "db" in path.suffix)
    for secret in (TOKEN, ADMIN, PROVIDER_KEY):
        assert secret not in told and secret.encode() not in written


def test_the_switch_works_at_once_and_both_ways(fresh: Administrator) -> None:
    assert fresh.ask("POST", "/api/proxy/monitor/toggle", {"enabled": False}).status == 200
    fresh.talk("chat", "chat/story:hello")
    found = newest(fresh)
    assert found["request_body"] is None and found["response_body"] is None
    assert fresh.get("/api/proxy/stats")["monitoring"] is False
    answer = fresh.ask("POST", "/api/proxy/monitor/toggle", {"enabled": True})
    assert (answer.status, answer.body) == (200, b"")
    fresh.talk("chat", "chat/story:hello")
    assert newest(fresh)["request_body"]
    wrong: tuple[object, ...] = ({}, {"enabled": "perhaps"}, {"enabled": None}, [])
    for body in wrong:
        answer = fresh.ask("POST", "/api/proxy/monitor/toggle", body)
        assert answer.status == 422 and answer.json["error"], answer


def test_clearing_the_log_removes_the_bodies(fresh: Administrator) -> None:
    fresh.talk("chat", "chat/story:hello")
    entry = newest(fresh)
    fresh.ask("POST", "/api/logs/clear")
    assert fresh.ask("GET", f"/api/logs/{entry['id']}").status == 404


def test_turns_over_a_websocket_are_kept_too(fresh: Administrator) -> None:
    url = fresh.gateway.base_url.replace("http", "ws", 1) + "/v1/responses"
    with connect(url, additional_headers=fresh.gateway.headers, proxy=None, open_timeout=PATIENCE) as socket:
        for text in ("first words", "second words"):
            frame = {"type": "response.create", "model": "chat/story:echo", "store": False, "input": text}
            socket.send(orjson.dumps(frame).decode(), text=True)
            while orjson.loads(socket.recv(PATIENCE))["type"] != "response.completed":
                pass
    entries = fresh.get("/api/logs")
    assert len(entries) == 2
    for entry, text in zip(entries, ("second words", "first words"), strict=True):
        detail = fresh.get(f"/api/logs/{entry['id']}")
        assert orjson.loads(detail["request_body"])["input"] == text
        assert orjson.loads(detail["response_body"])["output"][0]["content"][0]["text"] == text


@pytest.mark.parametrize(("capture", "kept"), [("errors", [True, False]), ("off", [False, False])])
def test_the_settings_say_what_is_kept(
    scripted_upstream: ScriptedUpstream, faulty_upstream: FaultyUpstream, capture: str, kept: list[bool]
) -> None:
    found = configuration(scripted_upstream, faulty_upstream, logging={"bodies": {"capture": capture}})
    with running_gateway(found) as gateway:
        administrator = Administrator(gateway)
        administrator.talk("chat", "chat/story:hello")
        administrator.talk("chat", "faulty/fault:status,code=429")
        told = [administrator.get(f"/api/logs/{entry['id']}") for entry in administrator.get("/api/logs")]
        assert [entry["request_body"] is not None for entry in told] == kept
        assert [entry["response_body"] is not None for entry in told] == kept
        if capture == "off":
            administrator.ask("POST", "/api/proxy/monitor/toggle", {"enabled": True})
            administrator.talk("chat", "chat/story:hello")
            assert newest(administrator)["request_body"]


def test_bodies_survive_a_restart(fresh: Administrator) -> None:
    fresh.talk("chat", "chat/story:hello")
    assert fresh.gateway.stop() == 0
    fresh.gateway.start()
    assert newest(fresh)["request_body"]
