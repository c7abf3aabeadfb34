"""Sessions over `/api/v1`: lists, the search, history, transcripts, changes."""

from __future__ import annotations

import httpx
import orjson
import pytest

from tests.api.guide.conftest import NewClient, begun, good, refused
from tests.api.guide.test_turns import SESSIONS, say
from tests.services.sessions.test_openclaw import THEIRS, file_of


def test_a_list_is_read_page_by_page(client: httpx.Client) -> None:
    made = [begun(client, f"say number {n}")["sessionId"] for n in range(7)]
    found: list[str] = []
    cursor = None
    while True:
        params = {"limit": "3", **({"cursor": cursor} if cursor else {})}
        data = good(client.get(SESSIONS, params=params))
        assert data["total"] == 7
        found += [each["sessionId"] for each in data["sessions"]]
        cursor = data["nextCursor"]
        if cursor is None:
            break
    assert found == made[::-1]
    newest = good(client.get(SESSIONS, params={"limit": 1}))["sessions"][0]
    assert newest["preview"] == "number 6" and newest["messageCount"] == 2
    assert newest["usage"]["promptTokens"] == 10 and newest["usage"]["contextTokens"] == 10
    assert good(client.get(SESSIONS, params={"kind": "cron"}))["sessions"] == []
    assert len(good(client.get(SESSIONS, params={"activeMinutes": 1}))["sessions"]) == 7
    for bad in ({"limit": "0"}, {"limit": "x"}, {"cursor": "x"}, {"kind": "odd"}):
        refused(client.get(SESSIONS, params=bad), 400, "INVALID_REQUEST")


def test_everything_said_is_found(client: httpx.Client) -> None:
    one = begun(client, "say The quick brown fox jumps over the lazy dog")["sessionId"]
    begun(client, "say something else")
    two = begun(client, "say 北京今天的天气很好，适合出门散步")["sessionId"]
    found = good(client.get(SESSIONS, params={"search": "LAZY fox"}))["sessions"]
    assert [each["sessionId"] for each in found] == [one]
    assert "lazy dog" in found[0]["match"]["snippet"] and found[0]["match"]["sequence"] == 2
    found = good(client.get(SESSIONS, params={"search": "天气很好"}))["sessions"]
    assert [each["sessionId"] for each in found] == [two]
    good(client.patch(f"{SESSIONS}/{one}", json={"title": "Animals"}))
    assert good(client.get(SESSIONS, params={"search": "animals"}))["sessions"][0]["title"] == "Animals"


def test_history_is_read_backwards(client: httpx.Client) -> None:
    session = begun(client, *())["sessionId"]
    for number in range(3):
        good(say(client, session, f"say {number}"))
    page = good(client.get(f"{SESSIONS}/{session}/history", params={"limit": 4}))
    assert [line["sequence"] for line in page["messages"]] == [3, 4, 5, 6] and page["before"] == 3
    page = good(client.get(f"{SESSIONS}/{session}/history", params={"limit": 4, "before": 3}))
    assert [line["content"] for line in page["messages"]] == ["say 0", "0"] and page["before"] is None


def test_a_reset_keeps_the_old_log(client: httpx.Client) -> None:
    session = begun(client, "say before", context={"sessionId": "r"})
    reset = good(client.post(f"{SESSIONS}/r/reset"))
    assert reset["logId"] != session["logId"] and reset["messageCount"] == 0
    assert good(client.get(f"{SESSIONS}/r/history"))["messages"] == []
    old = good(client.get(f"{SESSIONS}/r/history", params={"logId": session["logId"]}))
    assert [line["content"] for line in old["messages"]] == ["say before", "before"]
    logs = good(client.get(f"{SESSIONS}/r/logs"))["logs"]
    assert [(log["logId"], log["reason"], log["lines"]) for log in logs] == [
        (reset["logId"], None, 0),
        (session["logId"], "reset", 2),
    ]
    refused(client.get(f"{SESSIONS}/r/history", params={"logId": "elsewhere"}), 404, "NOT_FOUND")


def test_a_fork_goes_its_own_way(client: httpx.Client) -> None:
    session = begun(client, "say one")["sessionId"]
    good(say(client, session, "say two"))
    fork = good(client.post(f"{SESSIONS}/{session}/fork", json={"sequence": 2}), 201)
    assert fork["sessionId"] != session and fork["forkedFrom"]["sequence"] == 2
    good(say(client, fork["sessionId"], "say three"))
    told = good(client.get(f"{SESSIONS}/{fork['sessionId']}/history"))["messages"]
    assert [line["content"] for line in told if line["role"] == "assistant"] == ["one", "three"]
    assert good(client.post(f"{SESSIONS}/{session}/fork"), 201)["messageCount"] == 4
    refused(client.post(f"{SESSIONS}/{session}/fork", json={"sequence": 99}), 400, "INVALID_REQUEST")


def test_people_change_what_is_theirs_to_change(client: httpx.Client) -> None:
    session = begun(client)["sessionId"]
    wanted = {"title": "T", "label": "desk", "thinkingLevel": "high", "model": "a/b", "execSecurity": "full"}
    data = good(client.patch(f"{SESSIONS}/{session}", json=wanted))
    assert data["title"] == "T" and data["label"] == "desk"
    assert data["settings"] == {"model": "a/b", "thinkingLevel": "high"}, "nobody gives himself more rights"
    assert good(client.patch(f"{SESSIONS}/{session}", json={"model": None}))["settings"] == {"thinkingLevel": "high"}
    refused(client.patch(f"{SESSIONS}/{session}", json={"thinkingLevel": "utmost"}), 400, "INVALID_REQUEST")
    other = begun(client)["sessionId"]
    refused(client.patch(f"{SESSIONS}/{other}", json={"label": "desk"}), 409, "CONFLICT")


def test_deleted_is_deleted(client: httpx.Client) -> None:
    session = begun(client, "say gone", context={"sessionId": "d"})
    assert good(client.delete(f"{SESSIONS}/d"))["deleted"] is True
    refused(client.get(f"{SESSIONS}/d"), 404, "NOT_FOUND")
    refused(client.delete(f"{SESSIONS}/d"), 404, "NOT_FOUND")
    assert good(client.get(SESSIONS, params={"search": "gone"}))["sessions"] == []
    again = begun(client, "say new", context={"sessionId": "d"})
    assert again["logId"] != session["logId"]
    assert good(client.delete(f"{SESSIONS}/d", params={"purge": "true"}))["purged"] is True


def test_transcripts_go_out_and_come_in(client: httpx.Client) -> None:
    session = begun(client, "say out")
    answer = client.get(f"{SESSIONS}/{session['sessionId']}/export")
    assert answer.status_code == 200 and "attachment" in answer.headers["content-disposition"]
    lines = [orjson.loads(line) for line in answer.content.splitlines()]
    assert lines[0]["type"] == "session" and lines[0]["id"] == session["logId"]
    assert [line["message"]["role"] for line in lines[1:]] == ["user", "assistant"]
    taken = good(client.post(f"{SESSIONS}/import", content=file_of(THEIRS)), 201)
    out = client.get(f"{SESSIONS}/{taken['sessionId']}/export").content
    assert [orjson.loads(line) for line in out.splitlines()] == THEIRS
    assert good(say(client, taken["sessionId"], "say on it goes"))["message"]["content"] == "on it goes"
    refused(client.post(f"{SESSIONS}/import", content=b"nonsense"), 400, "INVALID_REQUEST")


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/v1/nonsense"), ("GET", "/api/v1/sessions/a/b/c/d")])
def test_unknown_paths_are_told_in_the_same_words(client: httpx.Client, method: str, path: str) -> None:
    refused(client.request(method, path), 404, "NOT_FOUND")


def test_wrong_methods_tell_the_right_ones(client: httpx.Client) -> None:
    answer = client.put(SESSIONS, json={})
    refused(answer, 405, "INVALID_REQUEST")
    assert "GET" in answer.headers["allow"] or "POST" in answer.headers["allow"]


def test_whoever_may_not_use_agents_is_told_so(client_of: NewClient, gateway: object) -> None:
    refused(client_of("models.use").get(SESSIONS), 403, "FORBIDDEN")
