"""A page that does over the channel what OpenClaw's Control UI (2026.2.26) does: its connect, its second visit, its views."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.text import Text
from tests.support.control import CLI, Client, Device, Frame, Refused, connect_params, opened
from tests.support.scripted_model import MODEL, NAME, ScriptedModel, says
from tests.support.server import Gateway, running_gateway, settings

SCOPES = ["operator.admin", "operator.approvals", "operator.pairing"]
CLIENT = {
    "id": "openclaw-control-ui",
    "version": "dev",
    "platform": "Linux x86_64",
    "mode": "webchat",
    "instanceId": "a3b9c1f0-0000-4000-8000-000000000001",
}
BROWSER: dict[str, Any] = {"userAgent": "Mozilla/5.0 (X11; Linux x86_64)", "locale": "zh-CN"}
VIEWS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("agents.list", {}),
    ("agent.identity.get", {"sessionKey": "main"}),
    ("chat.history", {"sessionKey": "main", "limit": 200}),
    ("sessions.list", {"includeGlobal": True, "includeUnknown": False, "activeMinutes": 120, "limit": 50}),
    ("health", {}),
    ("status", {}),
    ("system-presence", {}),
    ("last-heartbeat", {}),
    ("models.list", {}),
    ("channels.status", {"probe": False, "timeoutMs": 8000}),
    ("config.get", {}),
    ("config.schema", {}),
    ("skills.status", {}),
    ("tools.catalog", {"agentId": "main", "includePlugins": True}),
    ("agents.files.list", {"agentId": "main"}),
    ("cron.status", {}),
    (
        "cron.list",
        {
            "includeDisabled": True,
            "limit": 50,
            "offset": 0,
            "enabled": "all",
            "sortBy": "nextRunAtMs",
            "sortDir": "asc",
        },
    ),
    ("cron.runs", {"scope": "all", "limit": 50, "offset": 0, "status": "all", "sortDir": "desc"}),
    ("device.pair.list", {}),
    ("usage.cost", {"startDate": "2026-02-01", "endDate": "2026-02-26"}),
)
"""What it asks for as its views are opened, with the params that it sends."""


def visit(client: Client, device: Device, token: str, layout: str = "v2") -> Frame:
    """Its connect: of the credentials one, as `token`, whether the gateway's or the device's own. The newer layout signs the
    platform in small letters."""
    seen = CLIENT if layout == "v2" else {**CLIENT, "platform": "web"}
    params = connect_params(token, SCOPES, seen, **BROWSER)
    return client.connect(params, device, layout=layout)


@pytest.mark.parametrize("layout", ["v2", "v3"])
def test_it_comes_in_from_the_gateways_own_page_and_comes_again(gateway: Gateway, layout: str) -> None:
    device, own = Device(), {"origin": gateway.base_url}
    with opened(gateway, own) as client:
        hello = visit(client, device, gateway.token, layout)
        assert hello["auth"]["role"] == "operator" and set(hello["auth"]["scopes"]) == set(SCOPES)
        assert hello["snapshot"]["sessionDefaults"]["mainSessionKey"] == "agent:main:main"
        assert {"chat", "agent", "presence", "tick"} <= set(hello["features"]["events"])
    with opened(gateway, own) as client:  # now it says what it was given, in the place of the gateway's token
        again = visit(client, device, hello["auth"]["deviceToken"], layout)
        assert again["auth"]["deviceToken"] == hello["auth"]["deviceToken"]
    with opened(gateway, own) as client, pytest.raises(Refused) as refused:
        visit(client, Device(), hello["auth"]["deviceToken"], layout)
    assert refused.value.error["details"]["code"] in ("AUTH_TOKEN_MISMATCH", "AUTH_DEVICE_TOKEN_MISMATCH")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_from_another_page_it_does_not(gateway: Gateway, origin: str) -> None:
    with opened(gateway, {"origin": origin}) as client, pytest.raises(Refused) as refused:
        visit(client, Device(), gateway.token)
    assert refused.value.code == 1008 and refused.value.reason.startswith("origin not allowed")


def test_a_signature_for_another_challenge_does_not_open(gateway: Gateway) -> None:
    device, own = Device(), {"origin": gateway.base_url}
    params = connect_params(gateway.token, SCOPES, CLIENT, **BROWSER)
    with opened(gateway, own) as first, opened(gateway, own) as second:
        proof = device.params(params, first.nonce, layout="v2")
        with pytest.raises(Refused) as refused:
            second.connect({**params, "device": proof})
    assert refused.value.error["message"] == "device nonce mismatch"


def test_all_its_views_have_what_they_ask_for(gateway: Gateway) -> None:
    with opened(gateway, {"origin": gateway.base_url}) as client:
        visit(client, Device(), gateway.token)
        for method, params in VIEWS:
            answer = client.request(method, params)
            assert answer["ok"], (method, answer)


def test_a_talk_in_it_is_streamed_and_stopped() -> None:
    """What runs unasked afterwards speaks the page's language, and so do the files of an agent that is asked for the first time."""
    with ScriptedModel(says("Hello from the page.")) as model:
        agents = {"defaults": {"model": f"{NAME}/{MODEL}"}, "list": [{"id": "main"}, {"id": "fresh"}]}
        config = settings({NAME: model.provider()}, agents=agents)
        with running_gateway(config) as gateway, opened(gateway, {"origin": gateway.base_url}) as client:
            visit(client, Device(), gateway.token)
            params = {"sessionKey": "main", "message": "hi", "deliver": False, "idempotencyKey": "page-1"}
            assert client.call("chat.send", params) == {"runId": "page-1", "status": "started"}
            while (told := client.event("chat")["payload"])["state"] == "delta":
                assert told["runId"] == "page-1"
            assert told["state"] == "final" and told["message"]["content"][0]["text"] == "Hello from the page."
            stopped = client.call("chat.abort", {"sessionKey": "main"})
            assert stopped == {"ok": True, "aborted": False, "runIds": []}
            numbers = [frame["seq"] for frame in client.events if "seq" in frame]
            assert numbers == sorted(numbers), "a gap makes the page load everything anew"
            job = {"name": "n", "schedule": {"kind": "every", "everyMs": 86_400_000}, "sessionTarget": "isolated"}
            told = {
                "payload": {"kind": "agentTurn", "message": "look"},
                "delivery": {"mode": "none"},
                "agentId": "fresh",
            }
            client.call("cron.run", {"id": client.call("cron.add", {**job, **told, "wakeMode": "now"})["id"]})
            soul = (gateway.home / "workspace-fresh" / "SOUL.md").read_text()
            assert soul == Text("workspace.soul").render("zh")


def test_a_program_does_not_pass_for_a_page(gateway: Gateway) -> None:
    with opened(gateway) as client, pytest.raises(Refused) as refused:
        visit(client, Device(), gateway.token)
    assert refused.value.error["message"].startswith("origin not allowed")
    with opened(gateway, {"origin": "https://evil.example"}) as client, pytest.raises(Refused):
        client.connect(connect_params(gateway.token, SCOPES, CLI), Device())
