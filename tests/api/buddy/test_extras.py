"""Routes of the real Buddy that its document does not name: buddy.md §1.12, with the safety of §8."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.api.buddy.asking import Buddy
from tests.support.scripted_model import MODEL, NAME, ScriptedModel, says
from tests.support.server import Gateway, running_gateway, settings

KEY = "sk-extras-test-0123456789"
CONFIG = "/v1/openclaw/config"
FILES = "/v1/openclaw/files"
JOBS = "/v1/openclaw/cron-jobs"


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel(says('"A greeting"\n')) as found:
        yield found


@pytest.fixture(scope="module")
def gateway(model: ScriptedModel) -> Iterator[Gateway]:
    with running_gateway(settings({NAME: {**model.provider(), "apiKey": KEY}})) as found:
        yield found


@pytest.fixture(scope="module")
def buddy(gateway: Gateway) -> Buddy:
    return Buddy(gateway)


def test_who_is_signed_in_is_told_and_a_session_ends_when_somebody_signs_out(gateway: Gateway, buddy: Buddy) -> None:
    login = httpx.post(gateway.base_url + "/login", json={"token": gateway.token}, timeout=60)
    session = Buddy(gateway, login.json()["data"]["token"])
    me = session.get("/v1/auth/me")
    assert (me["is_superadmin"], me["login_type"], me["bot_ids"]) == (True, "token", [])
    reader = buddy.key("system.read").get("/v1/auth/me")
    assert (reader["is_superadmin"], reader["permissions"], reader["login_type"]) == (
        False,
        ["system.read"],
        "api_token",
    )
    answer = session.ask("POST", "/v1/auth/logout")
    assert session.good(answer) == {"status": "success"}
    assert "guardian_token=;" in answer.headers["set-cookie"].replace('""', "")
    session.refused(401, "GET", "/v1/auth/me")
    assert buddy.get("/v1/auth/me")["id"] == me["id"], "the credential behind it stays good"


def opens(gateway: Gateway, path: str, ticket: str) -> int:
    """The status with which a socket is opened."""
    address = f"{gateway.base_url.replace('http', 'ws', 1)}{path}?ticket={ticket}"
    try:
        with connect(address, open_timeout=60, proxy=None):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def test_a_ticket_opens_one_socket_once(gateway: Gateway, buddy: Buddy) -> None:
    made = buddy.good(buddy.ask("POST", "/v1/auth/ticket"))
    assert made["expires_in"] == 60
    assert [opens(gateway, path, made["ticket"]) for path in ("/v1/ws/logs", "/v1/ws/logs")] == [101, 401]
    narrow = buddy.good(buddy.ask("POST", "/v1/auth/ticket", {"path": "/v1/ws/logs"}))["ticket"]
    assert opens(gateway, "/v1/ws/gateway", narrow) == 401
    assert opens(gateway, "/v1/ws/logs", narrow) == 101
    wide = buddy.good(buddy.ask("POST", "/v1/auth/ticket"))["ticket"]
    assert opens(gateway, "/v1/proxy/v1/ws/logs", wide) == 401, "for the contract's sockets, and no other way to them"
    login = httpx.post(gateway.base_url + "/login", json={"token": gateway.token}, timeout=60)
    cookie = {"cookie": f"guardian_token={login.json()['data']['token']}"}
    by_page = httpx.post(gateway.base_url + "/v1/auth/ticket", headers=cookie, timeout=60)
    assert by_page.status_code == 403, "another site's page has the cookie sent, too"


def test_what_a_ticket_opened_ends_with_the_session_that_asked_for_it(gateway: Gateway) -> None:
    login = httpx.post(gateway.base_url + "/login", json={"token": gateway.token}, timeout=60)
    session = Buddy(gateway, login.json()["data"]["token"])
    used, unused = (session.good(session.ask("POST", "/v1/auth/ticket"))["ticket"] for _ in range(2))
    address = f"{gateway.base_url.replace('http', 'ws', 1)}/v1/ws/logs?ticket={used}"
    with connect(address, open_timeout=60, proxy=None) as socket:
        session.good(session.ask("POST", "/v1/auth/logout"))
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                socket.recv(timeout=60)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401
    assert opens(gateway, "/v1/ws/logs", unused) == 401


def test_the_control_channel_is_reached_as_whoever_signed_in(gateway: Gateway, buddy: Buddy) -> None:
    address = gateway.base_url.replace("http", "ws", 1) + "/v1/ws/gateway"
    with connect(address, additional_headers=buddy.headers, open_timeout=60, proxy=None) as socket:
        assert orjson.loads(socket.recv(timeout=60))["event"] == "connect.challenge"


def test_the_configuration_is_read_checked_and_saved_without_its_secrets(buddy: Buddy) -> None:
    answer = buddy.ask("GET", CONFIG)
    shown = buddy.good(answer)
    assert KEY not in answer.text and answer.headers["cache-control"] == "no-store"
    assert (shown["valid"], shown["errors"], shown["exists"]) == (True, [], True)
    assert orjson.loads(shown["content"]) == shown["config"]

    for text, place in (("{gateway: {port: 'x'}}", "gateway.port"), ("{", "")):
        verdict = buddy.good(buddy.ask("POST", f"{CONFIG}/validate", {"content": text}))
        assert verdict["valid"] is False and verdict["errors"][0]["message"], text
        assert verdict["errors"][0]["path"] == place
        buddy.refused(400, "POST", CONFIG, {"content": text})
    assert buddy.get(CONFIG)["hash"] == shown["hash"], "nothing of it was written"

    text = shown["content"].replace("{", "{ // kept\n", 1)
    assert buddy.good(buddy.ask("POST", f"{CONFIG}/validate", {"content": text}))["valid"] is True
    saved = buddy.done("POST", CONFIG, {"content": text, "hash": shown["hash"]})
    assert saved["hash"] != shown["hash"]
    buddy.refused(409, "POST", CONFIG, {"content": text, "hash": shown["hash"]})
    assert "// kept" in buddy.get(CONFIG)["content"]
    providers = buddy.get("/v1/openclaw/models/config")
    assert providers[NAME]["apiKey"] == KEY, "the placeholder brought the secret back"
    reader = buddy.key("config.read")
    reader.refused(403, "POST", CONFIG, {"content": text})
    assert KEY not in reader.ask("GET", CONFIG).text


def test_devices_are_listed_and_let_in_by_those_who_manage_keys(buddy: Buddy) -> None:
    assert buddy.get("/v1/openclaw/devices")["data"] == []
    buddy.refused(404, "POST", "/v1/openclaw/devices/approve", {"requestId": "nobody"})
    buddy.refused(400, "POST", "/v1/openclaw/devices/approve", {})
    buddy.key("system.manage").refused(403, "GET", "/v1/openclaw/devices")
    buddy.refused(404, "GET", "/v1/openclaw/gateway-token")


def test_jobs_are_listed_switched_and_removed(buddy: Buddy) -> None:
    job = {
        "name": "brief",
        "schedule": {"kind": "every", "everyMs": 3_600_000},
        "payload": {"kind": "agentTurn", "message": "hi"},
        "sessionTarget": "isolated",
    }
    buddy.ask("PUT", "/api/system/cron", {"jobs": [job]})
    [listed] = buddy.get(JOBS)["data"]
    assert (listed["name"], listed["enabled"]) == ("brief", True)
    off = buddy.good(buddy.ask("POST", f"{JOBS}/disable", {"id": listed["id"]}))
    assert off["job"]["enabled"] is False
    on = buddy.good(buddy.ask("POST", f"{JOBS}/{listed['id']}/enable"))
    assert on["job"]["enabled"] is True
    stranger = buddy.key("agents.use", "system.read")
    assert stranger.get(JOBS)["data"] == []
    stranger.refused(404, "DELETE", f"{JOBS}/{listed['id']}")
    buddy.good(buddy.ask("DELETE", f"{JOBS}/{listed['id']}"))
    assert buddy.get(JOBS)["data"] == []
    buddy.refused(404, "POST", f"{JOBS}/enable", {"id": listed["id"]})


def test_files_of_a_workspace_are_made_changed_found_and_thrown_away(buddy: Buddy) -> None:
    made = buddy.good(buddy.ask("POST", f"{FILES}/create", {"path": "notes.txt", "content": "one"}))
    buddy.refused(409, "POST", f"{FILES}/create", {"path": "notes.txt"})
    got = buddy.good(buddy.ask("GET", f"{FILES}/get", params={"path": "notes.txt"}))
    assert (got["content"], got["hash"]) == ("one", made["hash"])
    buddy.good(buddy.ask("POST", f"{FILES}/save", {"path": "notes.txt", "content": "two", "hash": got["hash"]}))
    buddy.refused(409, "POST", f"{FILES}/save", {"path": "notes.txt", "content": "three", "hash": got["hash"]})
    buddy.good(buddy.ask("POST", f"{FILES}/mkdir", {"path": "drawer"}))
    buddy.good(buddy.ask("POST", f"{FILES}/rename", {"path": "notes.txt", "newPath": "drawer/NOTES.txt"}))
    names = [row["name"] for row in buddy.get(f"{FILES}/list")["files"]]
    assert "drawer" in names and "notes.txt" not in names
    assert [row["path"] for row in buddy.get(f"{FILES}/search", q="notes")["files"]] == ["drawer/NOTES.txt"]
    assert buddy.ask("GET", f"{FILES}/download", params={"path": "drawer/NOTES.txt"}).text == "two"
    form = {"files": {"files": ("up.txt", b"sent")}, "data": {"path": "drawer"}}
    sent = buddy.good(buddy.ask("POST", f"{FILES}/upload", **form))
    assert [row["path"] for row in sent["files"]] == ["drawer/up.txt"]
    buddy.good(buddy.ask("POST", f"{FILES}/delete", {"path": "drawer"}))
    buddy.refused(404, "GET", f"{FILES}/get", params={"path": "drawer/up.txt"})
    buddy.refused(404, "GET", f"{FILES}/list", params={"botId": "nobody"})
    looker = buddy.key("agents.manage")
    looker.refused(403, "POST", f"{FILES}/create", {"path": "x"})


def test_what_was_used_and_what_happened_is_told(buddy: Buddy) -> None:
    title = buddy.good(
        buddy.ask(
            "POST",
            "/v1/openclaw/chat/summarize",
            {"messages": [{"role": "user", "content": "hello"}], "modelID": f"{NAME}/{MODEL}"},
        )
    )
    assert title == {"title": "A greeting"}
    buddy.refused(400, "POST", "/v1/openclaw/chat/summarize", {"messages": []})
    buddy.refused(404, "POST", "/v1/openclaw/chat/summarize", {"messages": [{"content": "a"}], "modelID": "no/such"})
    cost = buddy.get("/v1/gateway/usage-cost", days=3)
    assert cost["days"] == 3 and {"totalTokens", "totalCost"} <= set(cost["totals"])
    spans = buddy.get("/v1/audit/dashboard/summary")
    assert set(spans) == {"last24h", "today", "week", "total"} and spans["total"]["requests"] >= 1
    log = buddy.get("/v1/audit/logs", limit=1)
    assert len(log["logs"]) == 1 <= log["total"]
    assert {"policies", "allowlists", "approvals"} == set(buddy.get("/v1/openclaw/security/status")["data"])


def test_channels_are_told_and_an_unknown_account_is_not_signed_out(buddy: Buddy) -> None:
    channels = {row["id"]: row for row in buddy.get("/v1/channels/metadata")}
    assert {"telegram", "openclaw-weixin", "qq", "feishu"} <= set(channels)
    assert set(channels["telegram"]) == {"id", "name", "aliases", "configured"}
    assert buddy.get("/v1/channels/status")["data"] == []
    assert buddy.get("/v1/channels/telegram/accounts") == []
    buddy.refused(404, "GET", "/v1/channels/nothing/accounts")
    buddy.refused(404, "DELETE", "/v1/wechat/unbind/nobody")


def test_no_other_version_than_the_newest_is_installed(buddy: Buddy) -> None:
    buddy.refused(400, "POST", "/v1/system/upgrade", {"version": "0.0.1"})
    buddy.key("system.read").refused(403, "POST", "/v1/system/upgrade")


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", ""])
def test_a_body_is_json_whatever_its_sender_calls_it(buddy: Buddy, content_type: str) -> None:
    """`curl -d` says that it is a form; answers say that they are UTF-8."""
    headers: dict[str, Any] = {"content-type": content_type} if content_type else {}
    answer = buddy.ask(
        "POST", "/v1/openclaw/bots/set-identity", content='{"id":"main","name":"小虾"}'.encode(), headers=headers
    )
    assert buddy.good(answer)["id"] == "main"
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


def test_nobody_comes_in_without_a_credential(gateway: Gateway) -> None:
    paths = (
        *("/v1/auth/me", CONFIG, "/v1/openclaw/devices", JOBS, f"{FILES}/list", "/v1/channels/status"),
        *("/v1/audit/logs", "/v1/gateway/usage-cost", "/v1/openclaw/security/status", "/v1/openclaw/skills/market"),
    )
    for path in paths:
        answer = httpx.get(gateway.base_url + path, timeout=60)
        assert (answer.status_code, answer.json()["code"]) == (401, 401), path
