"""Chat through OpenClaw Buddy's contract, its switch, and quick commands: buddy.md §6.3, §6.4."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from tests.support.scripted_model import NAME, Hold, ScriptedModel, says
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE

CHAT = "/v1/openclaw/chat/completions"
QUICK = "/v1/openclaw/chat/quick-commands"


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as found:
        yield found


@pytest.fixture(scope="module")
def gateway(model: ScriptedModel) -> Iterator[Gateway]:
    with running_gateway(settings({NAME: model.provider()})) as found:
        yield found


def ask(gateway: Gateway, method: str, path: str, **more: Any) -> httpx.Response:
    headers = {**gateway.headers, **more.pop("headers", {})}
    return httpx.request(method, gateway.base_url + path, timeout=PATIENCE, headers=headers, **more)


def refused(answer: httpx.Response, status: int) -> str:
    body = answer.json()
    assert (answer.status_code, body["code"], body["message"]) == (status, status, body["error"]), answer.text
    return str(body["message"])


def session_of(gateway: Gateway) -> str:
    return str(ask(gateway, "POST", "/login", json={"token": gateway.token}).json()["data"]["token"])


def key_with(gateway: Gateway, *permissions: str) -> str:
    made = ask(gateway, "POST", "/api/keys", json={"name": "-".join(permissions), "permissions": list(permissions)})
    return str(made.json()["key"])


def said(text: str, **more: Any) -> dict[str, Any]:
    return {"model": f"{NAME}/model", "messages": [{"role": "user", "content": text}], **more}


def test_the_session_of_a_login_talks_to_models_with_the_official_client(
    gateway: Gateway, model: ScriptedModel
) -> None:
    client = openai.OpenAI(
        api_key=session_of(gateway), base_url=f"{gateway.base_url}/v1/openclaw", max_retries=0, timeout=PATIENCE
    )
    model.then(says("Guten Tag"), says("in einem Strom"))
    whole = client.chat.completions.create(**said("Hallo"))
    assert whole.choices[0].message.content == "Guten Tag"
    stream = client.chat.completions.create(**said("Hallo", stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == "in einem Strom"


def test_a_stream_is_a_stream_without_the_envelope(gateway: Gateway, model: ScriptedModel) -> None:
    model.then(says("hm"))
    answer = ask(gateway, "POST", CHAT, json=said("hm", stream=True))
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.text.rstrip().endswith("data: [DONE]")
    assert '"code"' not in answer.text


def test_errors_of_a_chat_are_those_of_the_models_route(gateway: Gateway) -> None:
    for content, status in ((b"{", 400), (b"[]", 400)):
        answer = ask(gateway, "POST", CHAT, content=content, headers={"content-type": "application/json"})
        assert (answer.status_code, set(answer.json())) == (status, {"error"}), answer.text
    missing = ask(gateway, "POST", CHAT, json={**said("x"), "model": "no-such-model-at-all"})
    assert missing.status_code == 404
    assert missing.json()["error"]["message"]


def test_who_may_not_use_models_may_not_do_so_here(gateway: Gateway) -> None:
    reader = {"authorization": f"Bearer {key_with(gateway, 'system.read')}"}
    refused(ask(gateway, "POST", CHAT, json=said("x"), headers=reader), 403)
    nobody = httpx.post(gateway.base_url + CHAT, json=said("x"), timeout=PATIENCE)
    refused(nobody, 401)
    cookie = httpx.post(
        gateway.base_url + CHAT,
        json=said("x"),
        timeout=PATIENCE,
        headers={"cookie": f"guardian_token={session_of(gateway)}"},
    )
    refused(cookie, 403)


def test_the_limits_of_a_key_hold(gateway: Gateway, model: ScriptedModel) -> None:
    body = {"name": "narrow", "permissions": ["models.use"], "models": ["other/*"]}
    key = ask(gateway, "POST", "/api/keys", json=body).json()["key"]
    before = len(model.asked)
    answer = ask(gateway, "POST", CHAT, json=said("x"), headers={"authorization": f"Bearer {key}"})
    assert answer.status_code in (403, 404), answer.text
    assert len(model.asked) == before


def test_the_exchange_is_in_the_log_as_the_callers(gateway: Gateway, model: ScriptedModel) -> None:
    model.then(says("logged"))
    answer = ask(gateway, "POST", CHAT, json=said("please log"), headers={"x-request-id": "buddy-logged-1"})
    assert answer.status_code == 200
    logs = ask(gateway, "GET", "/api/logs?limit=5").json()
    assert any(entry["url"] == CHAT and entry["status"] == 200 for entry in logs), logs


def test_chat_off_and_on_again(model: ScriptedModel) -> None:
    off = {"http": {"endpoints": {"chatCompletions": {"enabled": False}}}}
    with running_gateway(settings({NAME: model.provider()}, gateway=off)) as gateway:
        assert ask(gateway, "GET", "/v1/openclaw/chat/status").json()["data"] == {"enabled": False}
        assert ask(gateway, "POST", CHAT, json=said("x")).status_code == 404
        reader = {"authorization": f"Bearer {key_with(gateway, 'system.read', 'config.read')}"}
        refused(ask(gateway, "POST", "/v1/openclaw/chat/enable", headers=reader), 403)
        answer = ask(gateway, "POST", "/v1/openclaw/chat/enable", headers={"accept-language": "zh"}).json()
        assert (answer["code"], answer["data"]["status"]) == (200, "success")
        assert answer["data"]["message"].startswith("聊天功能已开启")
        assert ask(gateway, "GET", "/v1/openclaw/chat/status").json()["data"] == {"enabled": True}
        model.then(says("there again"))
        assert ask(gateway, "POST", CHAT, json=said("x")).json()["choices"][0]["message"]["content"] == "there again"


def test_the_administrators_own_token_opens_no_models_here_either(model: ScriptedModel) -> None:
    auth = {"auth": {"adminToken": "administrator-0123456789abcdef"}}
    with running_gateway(settings({NAME: model.provider()}, gateway=auth)) as gateway:
        headers = {"authorization": f"Bearer {auth['auth']['adminToken']}"}
        asked = len(model.asked)
        assert ask(gateway, "GET", "/v1/openclaw/chat/status", headers=headers).status_code == 200
        refused(ask(gateway, "POST", CHAT, json=said("x"), headers=headers), 403)
        assert len(model.asked) == asked


def test_a_service_that_is_off_chats_with_nobody(model: ScriptedModel) -> None:
    with running_gateway(settings({NAME: model.provider()})) as gateway:
        assert ask(gateway, "POST", "/api/proxy/stop").status_code == 200
        refused(ask(gateway, "POST", CHAT, json=said("x")), 503)
        assert ask(gateway, "GET", "/v1/openclaw/chat/status").status_code == 200
        assert ask(gateway, "POST", "/api/proxy/start", json={}).status_code == 200
        model.then(says("on"))
        assert ask(gateway, "POST", CHAT, json=said("x")).status_code == 200


def test_a_client_that_leaves_ends_the_call_upstream(gateway: Gateway, model: ScriptedModel) -> None:
    hold = Hold(says("one two three four"), after=3)
    model.then(hold)
    try:
        with httpx.stream(
            "POST", gateway.base_url + CHAT, headers=gateway.headers, json=said("x", stream=True), timeout=PATIENCE
        ) as answer:
            assert next(answer.iter_lines()).startswith("data: ")
        # Any of them: the gateway may have asked something else after it.
        model.journal.wait(lambda journal: any(each.left_at is not None for each in journal if each.body))
    finally:
        hold.gate.set()


def test_quick_commands_come_and_go(gateway: Gateway) -> None:
    listed = ask(gateway, "GET", QUICK).json()["data"]
    assert listed and all(row["is_system"] and row["label"] and row["prompt"] for row in listed)
    assert set(listed[0]) == {"id", "label", "prompt", "icon", "is_system"}
    chinese = ask(gateway, "GET", QUICK, headers={"accept-language": "zh-CN"}).json()["data"]
    assert [row["id"] for row in chinese] == [row["id"] for row in listed]
    assert all(row["label"] != other["label"] for row, other in zip(listed, chinese, strict=True))

    made = ask(gateway, "POST", QUICK, json={"label": "天气", "prompt": "今天天气如何？", "icon": "Sun"}).json()["data"]
    assert made["status"] == "success"
    more = ask(gateway, "POST", QUICK, json={"label": "b", "prompt": "c"}).json()["data"]
    assert more["id"] > made["id"]
    rows = ask(gateway, "GET", QUICK).json()["data"][len(listed) :]
    assert rows == [
        {"id": made["id"], "label": "天气", "prompt": "今天天气如何？", "icon": "Sun", "is_system": False},
        {"id": more["id"], "label": "b", "prompt": "c", "icon": "", "is_system": False},
    ]
    for number in (made["id"], more["id"], more["id"], 999_999):
        assert ask(gateway, "DELETE", f"{QUICK}/{number}").json()["data"] == {"status": "success"}
    again = ask(gateway, "POST", QUICK, json={"label": "d", "prompt": "e"}).json()["data"]
    assert again["id"] > more["id"], "an id is never given twice"
    ask(gateway, "DELETE", f"{QUICK}/{again['id']}")
    assert ask(gateway, "GET", QUICK).json()["data"] == listed


def test_system_commands_stay_and_odd_ones_are_refused(gateway: Gateway) -> None:
    before = ask(gateway, "GET", QUICK).json()["data"]
    assert refused(ask(gateway, "DELETE", f"{QUICK}/{before[0]['id']}"), 403)
    for body in ({}, {"label": "x"}, {"label": " ", "prompt": "y"}, {"label": 5, "prompt": "y"}, {"prompt": "y"}):
        refused(ask(gateway, "POST", QUICK, json=body), 400)
    refused(ask(gateway, "POST", QUICK, json={"label": "x" * 101, "prompt": "y"}), 400)
    refused(ask(gateway, "POST", QUICK, json={"label": "x", "prompt": "y", "icon": ["z"]}), 400)
    for number in ("x", "-1", "1.5", "٣"):
        refused(ask(gateway, "DELETE", f"{QUICK}/{number}"), 400)
    reader = {"authorization": f"Bearer {key_with(gateway, 'system.read')}"}
    refused(ask(gateway, "POST", QUICK, json={"label": "x", "prompt": "y"}, headers=reader), 403)
    refused(ask(gateway, "DELETE", f"{QUICK}/101", headers=reader), 403)
    assert ask(gateway, "GET", QUICK, headers=reader).json()["data"] == before


def test_quick_commands_outlive_a_kill(model: ScriptedModel) -> None:
    with running_gateway(settings({NAME: model.provider()})) as gateway:
        made = ask(gateway, "POST", QUICK, json={"label": "kept", "prompt": "p"}).json()["data"]
        gateway.kill()
        gateway.start()
        assert ask(gateway, "GET", QUICK).json()["data"][-1]["id"] == made["id"]
