"""WeChat through OpenClaw Buddy's contract: buddy.md §6.7."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest

from tests.simulators.weixin import BOT, TOKEN, USER, WeixinSimulator
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE, eventually

CODE = "/v1/wechat/qrcode"
STATUS = "/v1/wechat/config/status"
CONFIRMED = {"status": "confirmed", "bot_token": TOKEN, "ilink_bot_id": BOT, "ilink_user_id": USER}
Event = tuple[str, dict[str, Any]]


@pytest.fixture
def weixin() -> Iterator[WeixinSimulator]:
    with WeixinSimulator() as one:
        one.tokens.clear()
        yield one


@contextmanager
def gateway_with(weixin: WeixinSimulator, **more: Any) -> Iterator[Gateway]:
    block = {"baseUrl": weixin.url, "cdnBaseUrl": f"{weixin.url}/c2c", **more}
    with running_gateway(settings({}, channels={"openclaw-weixin": block})) as found:
        yield found


@pytest.fixture
def gateway(weixin: WeixinSimulator) -> Iterator[Gateway]:
    with gateway_with(weixin) as found:
        yield found


def ask(gateway: Gateway, method: str, path: str, **more: Any) -> httpx.Response:
    headers = {**gateway.headers, **more.pop("headers", {})}
    return httpx.request(method, gateway.base_url + path, timeout=PATIENCE, headers=headers, **more)


def data_of(answer: httpx.Response) -> Any:
    assert answer.status_code == 200 and answer.json()["code"] == 200, answer.text
    return answer.json()["data"]


def refused(answer: httpx.Response, status: int) -> str:
    body = answer.json()
    assert (answer.status_code, body["code"], body["message"]) == (status, status, body["error"]), answer.text
    return str(body["message"])


def weixin_row(gateway: Gateway) -> dict[str, Any]:
    rows = data_of(ask(gateway, "GET", STATUS))["data"]
    return next(row for row in rows if row["name"] == "openclaw-weixin")


@contextmanager
def events_of(gateway: Gateway, query: str = "") -> Iterator[Iterator[Event]]:
    headers = {**gateway.headers, "accept": "text/event-stream"}
    with httpx.stream("GET", f"{gateway.base_url}{CODE}{query}", headers=headers, timeout=PATIENCE) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")

        def read() -> Iterator[Event]:
            name = ""
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    yield name, orjson.loads(line[6:])

        yield read()


def tasks_of(gateway: Gateway, kind: str) -> list[dict[str, Any]]:
    found = ask(gateway, "GET", "/api/tasks", headers={"x-admin-token": gateway.token}).json()["tasks"]
    return [task for task in found if task["kind"] == kind]


def test_one_look_at_the_code_is_enough_to_sign_in(gateway: Gateway, weixin: WeixinSimulator) -> None:
    """Nobody asks a second time: the sign-in goes on all the same."""
    before = datetime.now(UTC).timestamp()
    first = data_of(ask(gateway, "GET", CODE))
    assert (first["qrcode_url"], first["cached"]) == ("https://liteapp.weixin.qq.com/q/1", False)
    assert 290 < datetime.fromisoformat(first["expires_at"].replace("Z", "+00:00")).timestamp() - before < 330
    assert data_of(ask(gateway, "GET", CODE)) == {**first, "cached": True}
    forced = data_of(ask(gateway, "GET", f"{CODE}?force=true"))
    assert (forced["qrcode_url"], forced["cached"]) == ("https://liteapp.weixin.qq.com/q/2", False)
    assert not weixin_row(gateway)["accounts"][0]["connected"]

    weixin.sign_in.extend([{"status": "scaned"}, {**CONFIRMED, "baseurl": weixin.url}])
    eventually(lambda: bool(weixin_row(gateway)["accounts"][0]["connected"]))
    row = weixin_row(gateway)
    assert (row["configured"], row["enabled"]) == (True, True)
    assert row["appId"] and BOT not in row["appId"], "a hint, not the whole"
    refused(ask(gateway, "GET", CODE), 404)
    eventually(lambda: [task["status"] for task in tasks_of(gateway, "channels.sign_in")] == ["succeeded", "cancelled"])
    assert TOKEN not in ask(gateway, "GET", STATUS).text + str(tasks_of(gateway, "channels.sign_in"))

    with events_of(gateway) as events:
        assert list(events) == [("done", {"ok": True, "alreadyConnected": True})]


def test_a_stream_tells_all_that_becomes_of_it(gateway: Gateway, weixin: WeixinSimulator) -> None:
    with events_of(gateway) as events:
        name, shown = next(events)
        assert (name, shown["qrcode_url"]) == ("qrcode", "https://liteapp.weixin.qq.com/q/1")
        assert set(shown) == {"qrcode_url", "cached", "expires_at"}
        assert next(events) == ("status", {"state": "waiting"})
        refused(ask(gateway, "POST", CODE, json={"code": "12"}), 409)
        weixin.sign_in.extend([{"status": "expired"}])
        name, shown = next(events)
        assert (name, shown["qrcode_url"]) == ("qrcode", "https://liteapp.weixin.qq.com/q/2")
        assert next(events) == ("status", {"state": "waiting"})
        weixin.sign_in.extend([{"status": "scaned"}, {"status": "need_verifycode"}])
        assert [next(events), next(events)] == [("status", {"state": each}) for each in ("scanned", "need_code")]
        refused(ask(gateway, "POST", CODE, json={"code": "twelve"}), 400)
        weixin.sign_in.extend([{"status": "need_verifycode"}])
        data_of(ask(gateway, "POST", CODE, json={"code": "11"}))
        assert next(events) == ("status", {"state": "need_code"}), "the number was wrong"
        weixin.sign_in.extend([{**CONFIRMED, "baseurl": weixin.url}])
        data_of(ask(gateway, "POST", CODE, json={"code": 12}))
        rest = list(events)
    assert weixin.verified == ["11", "12"]
    assert rest == [("status", {"state": "confirmed"}), ("done", {"ok": True, "alreadyConnected": False})]


def test_a_sign_in_outlives_the_stream_and_others_join_it(gateway: Gateway, weixin: WeixinSimulator) -> None:
    with events_of(gateway, "?stream=1") as events:
        next(events)
    with events_of(gateway) as events:
        name, shown = next(events)
        assert (name, shown["cached"], shown["qrcode_url"]) == ("qrcode", True, "https://liteapp.weixin.qq.com/q/1")
        weixin.sign_in.extend([{"status": "denied"}])
        rest = list(events)
    assert [name for name, _ in rest] == ["status", "error"]
    assert rest[-1][1]["code"] == 409 and rest[-1][1]["message"]
    assert [task["status"] for task in tasks_of(gateway, "channels.sign_in")] == ["failed"]
    assert data_of(ask(gateway, "GET", CODE))["cached"] is False, "the next one begins anew"


def test_a_service_that_gives_no_code_is_told(gateway: Gateway, weixin: WeixinSimulator) -> None:
    weixin.down = True
    assert ask(gateway, "GET", CODE).status_code in (502, 504)
    assert tasks_of(gateway, "channels.sign_in") == []


def test_who_only_reads_begins_no_sign_in(gateway: Gateway, weixin: WeixinSimulator) -> None:
    body = {"name": "reader", "permissions": ["system.read"]}
    headers = {"authorization": f"Bearer {ask(gateway, 'POST', '/api/keys', json=body).json()['key']}"}
    assert data_of(ask(gateway, "GET", STATUS, headers=headers))["updated_at"]
    for method, path in (("GET", CODE), ("POST", CODE), ("POST", "/v1/wechat/install")):
        refused(ask(gateway, method, path, headers=headers, json={"code": "1"}), 403)
    assert weixin.codes == 0
    refused(httpx.get(gateway.base_url + CODE, timeout=PATIENCE), 401)


def test_installing_turns_the_channel_on(weixin: WeixinSimulator) -> None:
    with gateway_with(weixin, enabled=False) as gateway:
        row = weixin_row(gateway)
        assert (row["configured"], row["enabled"]) == (True, False)
        assert ask(gateway, "GET", CODE).status_code == 503
        answer = ask(gateway, "POST", "/v1/wechat/install")
        assert (answer.status_code, answer.json()["code"]) == (202, 202)
        assert answer.json()["data"]["taskID"]
        eventually(lambda: bool(weixin_row(gateway)["enabled"]))
        eventually(lambda: [task["status"] for task in tasks_of(gateway, "plugins.install")] == ["succeeded"])
        assert tasks_of(gateway, "plugins.install")[0]["id"] == answer.json()["data"]["taskID"]
        written = orjson.loads((gateway.home / "openclaw.json").read_bytes())
        assert written["channels"]["openclaw-weixin"] == {
            "enabled": True,
            "baseUrl": weixin.url,
            "cdnBaseUrl": f"{weixin.url}/c2c",
        }
        assert data_of(ask(gateway, "GET", CODE))["qrcode_url"]


def test_without_the_channel_there_is_no_code() -> None:
    with running_gateway(settings({})) as gateway:
        refused(ask(gateway, "GET", CODE), 404)
        row = weixin_row(gateway)
        assert row == {"name": "openclaw-weixin", "configured": False, "enabled": False, "appId": "", "accounts": []}
