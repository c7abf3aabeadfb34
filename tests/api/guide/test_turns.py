"""Conversations over `/api/v1`: as the guide's examples have them, and what a REST client then expects."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import orjson

from tests.api.guide.conftest import Json, NewClient, begun, good, refused
from tests.support.waiting import eventually

SESSIONS = "/api/v1/sessions"


def say(client: httpx.Client, session: str, content: Any, **fields: Any) -> httpx.Response:
    return client.post(
        f"{SESSIONS}/{session}/messages", json={"message": {"role": "user", "content": content}, **fields}
    )


def events_of(answer: httpx.Response) -> list[tuple[str, str, Json]]:
    """Id, name and data of server-sent events; the stream ends with `[DONE]`."""
    assert answer.status_code in (200, 201), answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    blocks = [block for block in answer.text.split("\n\n") if block and not block.startswith(":")]
    assert blocks.pop() == "data: [DONE]"
    found = []
    for block in blocks:
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((fields.get("id", ""), fields["event"], orjson.loads(fields["data"])))
    return found


def test_the_guides_own_examples(client: httpx.Client) -> None:
    body = {
        "model": "zai/glm-4.7-flash",
        "messages": [{"role": "user", "content": "Hello"}],
        "context": {"sessionId": "optional-session-id"},
    }
    made = client.post(SESSIONS, json=body)
    data = good(made, 201)
    bare = made.json()
    assert bare["sessionId"] == "optional-session-id" and bare["status"] == "active"
    assert bare["createdAt"].endswith("Z") and "T" in bare["createdAt"]
    assert "asked=Hello" in data["message"]["content"] and "model=zai/glm-4.7-flash" in data["message"]["content"]
    answered = say(client, "optional-session-id", "say Your answer")
    assert answered.json()["message"] == {"role": "assistant", "content": "Your answer"}
    usage = answered.json()["usage"]
    assert (usage["promptTokens"], usage["completionTokens"], usage["totalTokens"]) == (10, 5, 15)
    good(answered)


def test_a_session_of_that_name_goes_on(client: httpx.Client) -> None:
    first = begun(client, "one", context={"sessionId": "mine"})
    again = client.post(
        SESSIONS,
        json={
            "messages": [{"role": "user", "content": "one"}, {"role": "user", "content": "two"}],
            "context": {"sessionId": "mine"},
        },
    )
    assert good(again)["sessionId"] == first["sessionId"] == "mine"
    history = good(client.get(f"{SESSIONS}/mine/history"))["messages"]
    assert [line["content"] for line in history if line["role"] == "user"] == ["one", "two"]


def test_what_was_said_before_and_the_systems_words_come_along(client: httpx.Client) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": [{"type": "text", "text": "What is it?"}, _picture()]},
    ]
    data = good(client.post(SESSIONS, json={"messages": messages, "temperature": 0.7, "maxTokens": 1000}), 201)
    said = data["message"]["content"]
    assert "system=Be brief." in said and "asked=What is it?" in said and "pictures=1" in said
    assert "'temperature': 0.7, 'max_tokens': 1000" in said
    history = good(client.get(f"{SESSIONS}/{data['sessionId']}/messages"))["messages"]
    assert [line["role"] for line in history] == ["user", "assistant", "user", "assistant"]
    assert [line["sequence"] for line in history] == [1, 2, 3, 4]
    assert history[2]["parts"][1] == {"type": "image", "mimeType": "image/png", "name": None, "size": 3}
    assert "system=Be brief." in good(say(client, data["sessionId"], "more"))["message"]["content"]


def _picture() -> Json:
    return {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGkh"}}


def test_a_session_without_a_message_waits_for_one(client: httpx.Client) -> None:
    data = good(client.post(SESSIONS, json={"model": "agent:writer", "title": "Later"}), 201)
    assert data["title"] == "Later" and data["agentId"] == "writer" and "message" not in data
    said = good(say(client, data["sessionId"], "now"))["message"]["content"]
    assert "agent=writer" in said and "model=None" in said


def test_agents_by_header_by_context_and_unknown(client: httpx.Client) -> None:
    body = {"messages": [{"role": "user", "content": "x"}]}
    made = client.post(SESSIONS, json=body, headers={"x-openclaw-agent-id": "Ops"})
    assert good(made, 201)["agentId"] == "ops"
    assert begun(client, "x", context={"agentId": "b"})["agentId"] == "b"
    refused(client.post(SESSIONS, json={**body, "model": "openclaw:nobody"}), 404, "NOT_FOUND")


def test_a_turn_is_streamed(client: httpx.Client) -> None:
    session = begun(client)["sessionId"]
    answer = say(client, session, "think hm", stream=True)
    events = events_of(answer)
    assert [name for _, name, _ in events] == [
        *("run.started", "thinking.delta", "message.delta", "message.delta", "message.completed")
    ]
    whole = "".join(data["delta"] for _, name, data in events if name == "message.delta")
    last = events[-1][2]
    assert last["message"]["content"] == whole and last["usage"]["totalTokens"] == 15
    assert last["sessionId"] == session and last["runId"] == events[0][2]["runId"]
    answer = client.post(
        f"{SESSIONS}/{session}/messages", json={"message": "call"}, headers={"accept": "text/event-stream"}
    )
    assert ("tool", "start") in [(name, data.get("phase")) for _, name, data in events_of(answer)]
    first = client.post(SESSIONS, json={"messages": [{"content": "say hi"}], "stream": True})
    assert events_of(first)[-1][2]["message"]["content"] == "hi"
    assert events_of(first)[0][2]["sessionId"].startswith("session-")


def test_a_stream_goes_on_behind_the_last_event_that_was_heard(client: httpx.Client) -> None:
    session = begun(client)["sessionId"]
    events = events_of(say(client, session, "say abcdef", stream=True))
    run = events[0][2]["runId"]
    heard = next(number for number, name, _ in events if name == "message.delta")
    path = f"{SESSIONS}/{session}/runs/{run}"
    again = client.get(path, headers={"accept": "text/event-stream", "last-event-id": heard})
    rest = events_of(again)
    assert [data["delta"] for _, name, data in rest if name == "message.delta"] == ["def"]
    assert good(client.get(path))["message"]["content"] == "abcdef"
    refused(client.get(f"{SESSIONS}/{session}/runs/run-999"), 404, "NOT_FOUND")
    other = begun(client)["sessionId"]
    refused(client.get(f"{SESSIONS}/{other}/runs/{run}"), 404, "NOT_FOUND")


def test_a_failed_turn_is_told_and_the_session_stays(client: httpx.Client) -> None:
    error = refused(client.post(SESSIONS, json={"messages": [{"content": "fail"}]}), 500, "INTERNAL_ERROR")
    assert error["message"] == "the vendor's own words" and error["runId"]
    assert good(say(client, error["sessionId"], "say still here"))["message"]["content"] == "still here"
    events = events_of(say(client, error["sessionId"], "fail", stream=True))
    assert events[-1][1] == "error" and events[-1][2]["error"]["code"] == "INTERNAL_ERROR"


def test_a_turn_is_stopped(client: httpx.Client) -> None:
    session = begun(client)["sessionId"]
    answers: list[httpx.Response] = []
    waiting = threading.Thread(target=lambda: answers.append(say(client, session, "hang")))
    waiting.start()
    eventually(lambda: good(client.get(f"{SESSIONS}/{session}"))["activeRuns"], "the turn to run")
    assert good(client.get("/api/v1/system/status"))["resources"]["queueDepth"] >= 1
    stopped = good(client.post(f"{SESSIONS}/{session}/abort"))
    assert stopped["aborted"] is True and len(stopped["runIds"]) == 1
    waiting.join()
    assert good(answers[0])["runStatus"] == "cancelled"
    assert good(client.post(f"{SESSIONS}/{session}/abort"))["aborted"] is False


def test_the_same_idempotency_key_is_the_same_turn(client: httpx.Client) -> None:
    headers = {"idempotency-key": "order-66"}
    body = {"messages": [{"content": "say once"}]}
    first, second = (client.post(SESSIONS, json=body, headers=headers) for _ in range(2))
    one, other = good(first, 201), good(second)
    assert one["sessionId"] == other["sessionId"] and one["runId"] == other["runId"]
    assert len(good(client.get(f"{SESSIONS}/{one['sessionId']}/history"))["messages"]) == 2


def test_what_cannot_be_understood_is_refused(client: httpx.Client) -> None:
    session = begun(client)["sessionId"]
    path = f"{SESSIONS}/{session}/messages"
    bodies: tuple[Any, ...] = (
        {},
        {"message": {"role": "user", "content": ""}},
        {"message": {"role": "user", "content": 5}},
        {"message": {"role": "assistant", "content": "x"}},
        {"message": {"role": "wizard", "content": "x"}},
        {"message": {"content": [{"type": "text"}]}},
        {"message": "x", "temperature": 9},
        [],
    )
    for body in bodies:
        refused(client.post(path, json=body), 400, "INVALID_REQUEST")
    refused(client.post(path, content=b"{nonsense"), 400, "INVALID_REQUEST")
    refused(client.post(SESSIONS, json={"context": {"sessionId": "a/b:c"}}), 400, "INVALID_REQUEST")
    refused(client.post(SESSIONS, json={"messages": "Hello"}), 400, "INVALID_REQUEST")
    for empty in ({"role": "user"}, {"role": "user", "content": " "}, {"role": "user", "content": []}):
        told = client.post(SESSIONS, json={"messages": [{"role": "user", "content": "x"}, empty]})
        assert "messages[1].content" in refused(told, 400, "INVALID_REQUEST")["message"]


def test_words_come_in_the_readers_language(client: httpx.Client) -> None:
    answer = client.get(f"{SESSIONS}/none", headers={"accept-language": "zh-CN"})
    error = refused(answer, 404, "NOT_FOUND")
    assert "会话" in error["message"]


def test_nobody_sees_anothers_session(client_of: NewClient, admin: httpx.Client) -> None:
    mine, theirs = client_of(), client_of()
    session = begun(mine, "a secret", context={"sessionId": "shared-name"})
    path = f"{SESSIONS}/shared-name"
    own_key = session["key"]
    for method, place, body in (
        ("GET", "", None),
        ("GET", "/history", None),
        ("GET", "/logs", None),
        ("GET", "/export", None),
        ("GET", f"/runs/{session['runId']}", None),
        ("POST", "/messages", {"message": "x"}),
        ("POST", "/abort", None),
        ("POST", "/reset", None),
        ("POST", "/fork", {}),
        ("PATCH", "", {"title": "x"}),
        ("DELETE", "", None),
    ):
        for name in ("shared-name", own_key):
            strange = theirs.request(method, f"{SESSIONS}/{name}{place}", json=body)
            unknown = theirs.request(method, f"{SESSIONS}/unknown{place}", json=body)
            told = [refused(each, 404, "NOT_FOUND")["message"] for each in (strange, unknown)]
            assert told[0].replace(name, "") == told[1].replace("unknown", "")
    assert good(theirs.get(SESSIONS))["sessions"] == []
    assert good(theirs.get(SESSIONS, params={"search": "secret"}))["sessions"] == []
    assert good(theirs.get(SESSIONS, params={"owner": session["key"]}))["total"] == 0
    own = begun(theirs, "another", context={"sessionId": "shared-name"})
    assert own["key"] != own_key and good(mine.get(path))["key"] == own_key
    assert good(admin.get(f"{SESSIONS}/{own_key}"))["key"] == own_key
    keys = {one["key"] for one in good(admin.get(SESSIONS, params={"limit": 500}))["sessions"]}
    assert {own_key, own["key"]} <= keys
