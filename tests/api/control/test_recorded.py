"""Conversations recorded with a real gateway, held again with this one: what it answers is compared, up to the differences that
are declared here.

Methods that are not offered must not be advertised, and must get the real error. Values that belong to the other machine (times,
ids, versions, its sessions) are compared by their JSON type.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.control import ALL_SCOPES, Client, Device, Frame, opened
from tests.support.goldens import SHARED
from tests.support.scripted_model import NAME, ScriptedModel, says
from tests.support.server import Gateway, running_gateway, settings

FOLDER = SHARED / "contracts/traces/openclaw-2026.2.26/ws"
NAMES = sorted(path.name for path in FOLDER.glob("*.json")) if FOLDER.is_dir() else []
LEFT_OUT = {
    "36-tick.json": "it waits half a minute; `test_hub` has its clock run faster",
    "31-chat_slow_abort.json": "it stops a slow answer; `test_agents` holds one back for that",
}
SIGNING: dict[str, dict[str, Any]] = {
    "01-device_v2.json": {"layout": "v2"},
    "03-device_v1_nononce.json": {"layout": "v1"},
    "14-stale_sig.json": {"signed_at": 1_700_000_000_000},
}
OTHER_VALUES = {
    "expectedProtocol": "a client of tomorrow is told the newest version that is spoken here",
    "protocol": "the newest version that both know",
}
NOT_TOLD = {
    "canvasHostUrl": "there is no canvas",
    "sessionFile": "a session is no file here",
    "skillsSnapshot": "what skills there are is asked anew for each turn",
    "systemPromptReport": "what the prompt was made of is not told",
    "lastCallUsage": "what the whole turn took is told",
    "configPath": "only told to those who may read",
    "stateDir": "only told to those who may read",
}
FREE = ("parsed", "resolved", "config")
"""What stands in them is the other machine's own."""
pytestmark = pytest.mark.skipif(not NAMES, reason="the recorded conversations are not at hand")
DEVICE = Device(b"crawdad's device for recordings."[:32])


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    agents = {"defaults": {"model": f"{NAME}/model", "heartbeat": {"every": "0m"}}}
    with (
        ScriptedModel(says("PONG from the mock upstream. This is the default canned answer.")) as model,
        running_gateway(settings({NAME: model.provider()}) | {"agents": agents}) as running,
    ):
        yield running


def test_every_recording_is_used() -> None:
    assert set(LEFT_OUT) <= set(NAMES) and len(NAMES) > 35


@pytest.mark.parametrize("name", [name for name in NAMES if name not in LEFT_OUT])
def test_a_conversation(gateway: Gateway, name: str) -> None:
    recorded = json.loads(Path(FOLDER / name).read_text())
    frames = recorded["frames"]
    if name == "23-role_node.json":  # the device had come in as an operator before
        _play(gateway, "02-device_v3.json", json.loads(Path(FOLDER / "02-device_v3.json").read_text())["frames"][:3])
    close = _play(gateway, name, frames, recorded.get("close"))
    wanted = recorded["close"]
    if wanted["code"] != 1000 or close is not None:
        assert close == (wanted["code"], wanted["reason"].encode()[:120].decode())


def _play(
    gateway: Gateway, name: str, frames: list[Frame], close: Frame | None = None
) -> tuple[int | None, str] | None:
    """Hold the conversation. How the gateway closed it; None where the client did."""
    answers: dict[str, list[Frame]] = {}
    for frame in frames:
        if _is_response(frame):
            answers.setdefault(frame["data"]["id"], []).append(frame["data"])
    asked: dict[str, str] = {}
    ids: dict[str, str] = {}
    with opened(gateway) as client:
        assert set(client.challenge) == {"type", "event", "payload"}
        assert set(client.challenge["payload"]) == {"nonce", "ts"}
        for frame in frames:
            if frame["dir"] != "c2s":
                _wait_as_then(client, frame, asked, answers)
                continue
            try:
                sent = _ours(frame["data"], gateway, client, name, ids)
                client.send(sent)
                if isinstance(sent, dict) and sent.get("type") == "req":
                    asked[sent["id"]] = sent.get("method", "")
                    if sent["id"] in answers:
                        wanted, found = answers[sent["id"]].pop(0), client.response(sent["id"])
                        _compare_answer(client, wanted, found, asked[sent["id"]])
                        if asked[sent["id"]] == "cron.add" and found["ok"]:
                            ids[wanted["payload"]["id"]] = found["payload"]["id"]
            except ConnectionClosed:
                break
        if "invalid" in answers:
            # it came before the answers that were waited for
            found = next(frame for frame in client.events if frame.get("id") == "invalid")
            assert found == answers["invalid"][0]
        _compare_events(client, frames)
        return None if client.hello else client.closed()


def _wait_as_then(client: Client, frame: Frame, asked: dict[str, str], answers: dict[str, list[Frame]]) -> None:
    """Wait for what the client had waited for before it went on: the end of a turn, and a second answer."""
    data = frame["data"]
    if data.get("event") == "chat" and data["payload"]["state"] != "delta":
        while not any(_labels([each]) == _labels([data]) for each in client.events):
            client.events.append(client.receive())
    if data.get("type") == "res" and data["id"] in asked and data in answers[data["id"]]:
        answers[data["id"]].remove(data)
        early = next((each for each in client.events if each.get("id") == data["id"]), None)
        _compare_answer(client, data, early or client.response(data["id"]), asked[data["id"]])


def _labels(frames: list[Frame]) -> list[tuple[str, ...]]:
    """What was told of turns and jobs, each kind of news once, in order."""
    found: dict[tuple[str, ...], None] = {}
    for frame in frames:
        payload = frame.get("payload", {})
        if frame.get("event") == "agent":
            found["agent", payload["stream"], payload["data"].get("phase", "")] = None
        elif frame.get("event") == "chat":
            found["chat", payload["state"]] = None
        elif frame.get("event") == "cron":
            found["cron", payload["action"]] = None
    return list(found)


def _is_response(frame: Frame) -> bool:
    return bool(frame["dir"] == "s2c" and frame["data"]["type"] == "res")


def _ours(data: Any, gateway: Gateway, client: Client, name: str, ids: dict[str, str]) -> Any:
    """A recorded frame with our token and ids, and signed by our device."""
    if isinstance(data, str):
        return "x" * int(data[1:-7]) if data.endswith(" chars>") else data
    if data.get("method") != "connect":
        text = json.dumps(data)
        for recorded, own in ids.items():
            text = text.replace(recorded, own)
        return json.loads(text)
    params = json.loads(json.dumps(data["params"]).replace("harness-token", gateway.token))
    recorded = params.pop("device", None)
    if recorded is not None:
        proof = DEVICE.params(params, client.nonce, **SIGNING.get(name, {}))
        if name == "03-device_v1_nononce.json":
            del proof["nonce"]
        if name == "12-bad_sig.json":
            proof["signature"] = DEVICE.sign("something else")
        if name == "13-wrong_nonce.json":
            proof = DEVICE.params(params, "another nonce")
        params["device"] = proof
    return {**data, "params": params}


def _compare_answer(client: Client, wanted: Frame, found: Frame, method: str) -> None:
    advertised = client.hello.get("features", {}).get("methods", ())
    if method == "connect":
        if wanted["ok"]:
            client.hello = found["payload"]
            assert not set(found["payload"]["features"]["methods"]) & _NEVER
            assert found["payload"]["policy"] == wanted["payload"]["policy"]
            assert found["payload"]["snapshot"]["sessionDefaults"] == wanted["payload"]["snapshot"]["sessionDefaults"]
            features = {"methods", "events"}
            assert set(wanted["payload"].pop("features")) == set(found["payload"]["features"]) == features
    elif client.hello and method and method not in advertised:
        known = set(client.hello["auth"]["scopes"]) if "auth" in client.hello else set(ALL_SCOPES)
        assert not found["ok"]
        admin = "operator.admin" in known
        said = found["error"]["message"]
        assert said in (f"unknown method: {method}", "missing scope: operator.admin")
        assert admin or said.startswith("missing scope")
        return
    _compare(wanted, found, wanted.get("id", ""))


_NEVER = {"chat.stream", "sessions.send", "connect"}


def _compare(wanted: Any, found: Any, at: str) -> None:
    """The same words, and values of the same types."""
    if at.rpartition(".")[2] in FREE:
        assert type(found) is type(wanted), at
    elif isinstance(wanted, dict):
        assert isinstance(found, dict), at
        for key, value in wanted.items():
            if key in NOT_TOLD and key not in found:
                continue
            assert key in found, f"{at}.{key}"
            _compare(value, found[key], f"{at}.{key}")
    elif isinstance(wanted, list):
        assert isinstance(found, list), at
        for each, other in zip(wanted[:1], found[:1], strict=False):
            _compare(each, other, f"{at}[]")
    elif at.rpartition(".")[2] in ("code", "message", "reason", "authReason", "ok", "role", "type", "authMode"):
        assert found == wanted, at
    elif wanted is not None and found is not None and at.rpartition(".")[2] not in OTHER_VALUES:
        assert type(found) is type(wanted) or {type(found), type(wanted)} <= {int, float}, at


def _compare_events(client: Client, frames: list[Frame]) -> None:
    """Events of the kinds that were heard then are heard now, with payloads of the same shape."""
    wanted = {
        frame["data"]["event"]: frame["data"]
        for frame in frames
        if frame["data"].__class__ is dict and frame["data"].get("type") == "event"
    }
    told = [frame["data"] for frame in frames if isinstance(frame["data"], dict)]
    if client.hello:
        assert _labels(client.events) == _labels(told)
    for name in ("health", "agent", "chat", "cron"):
        if name in wanted and client.hello:
            if name != "health":
                wanted[name] = next(frame for frame in told if frame.get("event") == name)
            _compare(wanted[name], client.event(name), name)
