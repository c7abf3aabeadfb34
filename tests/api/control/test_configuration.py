"""`config.*`, `logs.tail`, `usage.*`, `models.list` over the channel, against a real gateway."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from tests.support.control import ALL_SCOPES, BACKEND, Client, connected
from tests.support.server import Gateway, running_gateway, settings

SECRET = "sk-very-secret-0123456789"
HIDDEN = "__OPENCLAW_REDACTED__"
PROVIDERS = {
    "mock": {
        "baseUrl": "http://127.0.0.1:9/v1",
        "apiKey": SECRET,
        "discover": False,
        "models": [{"id": "one", "name": "One", "contextWindow": 1000, "input": ["text", "image"]}],
    }
}


@pytest.fixture
def gateway(tmp_path: Any) -> Iterator[Gateway]:
    found = settings(PROVIDERS, logging={"file": str(tmp_path / "crawdad.log"), "level": "info"})
    with running_gateway(found) as running:
        yield running


@pytest.fixture
def client(gateway: Gateway) -> Iterator[Client]:
    with connected(gateway) as found:
        yield found


def test_secrets_are_not_shown(client: Client, gateway: Gateway) -> None:
    shown = client.call("config.get")
    text = orjson.dumps(shown).decode()
    assert SECRET not in text and "enc:v1:" not in text and gateway.token not in text
    assert shown["parsed"]["models"]["providers"]["mock"]["apiKey"] == HIDDEN and HIDDEN in shown["raw"]
    assert shown["config"]["gateway"]["auth"]["token"] == HIDDEN
    assert shown["valid"] and shown["exists"] and shown["issues"] == []


def test_what_comes_back_hidden_stays_as_it_was(client: Client) -> None:
    shown = client.call("config.get")
    raw = shown["raw"].replace('"One"', '"Uno"')
    answer = client.call("config.set", {"raw": raw, "baseHash": shown["hash"]})
    assert answer["ok"] and answer["config"]["models"]["providers"]["mock"]["apiKey"] == HIDDEN
    assert [model["name"] for model in client.call("models.list")["models"] if model["provider"] == "mock"] == ["Uno"]
    again = client.call("config.get")
    assert again["hash"] != shown["hash"]
    on_disk = orjson.loads((_home(client, again) / "openclaw.json").read_bytes())
    assert on_disk["models"]["providers"]["mock"]["apiKey"].startswith("enc:v1:")


def test_two_who_edit_at_once_cannot_undo_each_other(client: Client) -> None:
    shown = client.call("config.get")
    patch = {"raw": "{language: 'zh'}", "baseHash": shown["hash"]}
    assert client.fault("config.patch", {"raw": "{}"})["message"] == (
        "config base hash required; re-run config.get and retry"
    )
    assert client.call("config.patch", patch)["config"]["language"] == "zh"
    for method in ("config.patch", "config.set", "config.apply"):
        assert client.fault(method, patch) == {
            "code": "INVALID_REQUEST",
            "message": "config changed since last load; re-run config.get and retry",
        }


def test_a_patch_merges_lists_of_named_things_by_name(client: Client) -> None:
    def patch(raw: str) -> Any:
        return client.call("config.patch", {"raw": raw, "baseHash": client.call("config.get")["hash"]})["config"]

    patch("{models: {providers: {mock: {models: [{id: 'one', reasoning: true}, {id: 'two'}]}}}}")
    found = patch("{models: {providers: {mock: {weight: 2}}}, language: 'en'}")
    assert [(each["id"], each.get("reasoning")) for each in found["models"]["providers"]["mock"]["models"]] == [
        ("one", True),
        ("two", None),
    ]
    assert "language" not in patch("{language: null}")
    models = client.call("models.list")["models"]
    assert {
        "id": "one",
        "name": "One",
        "provider": "mock",
        "reasoning": True,
        "input": ["text", "image"],
        "contextWindow": 1000,
    } in models


def test_what_would_break_is_refused_and_told(client: Client) -> None:
    shown = client.call("config.get")
    for raw in ("{gateway: {port: 'x'}}", "{not json", "[1]", "{gateway: {auth: {token: '__OPENCLAW_REDACTED__'}}}"):
        error = client.fault("config.set", {"raw": raw, "baseHash": shown["hash"]})
        assert error["message"] == "invalid config" and error["details"]["issues"][0]["message"], raw
    assert client.call("config.get")["hash"] == shown["hash"]


def test_apply_tells_that_nothing_need_restart(client: Client) -> None:
    shown = client.call("config.get")
    answer = client.call("config.apply", {"raw": shown["raw"], "baseHash": shown["hash"], "note": "x"})
    assert answer["restart"]["mode"] == "reload" and set(answer) == {"ok", "path", "config", "restart", "sentinel"}


def test_the_schema_draws_a_form(client: Client) -> None:
    found = client.call("config.schema")
    assert found["schema"]["$schema"].endswith("draft-07/schema#")
    assert "gateway" in found["schema"]["properties"]
    hint = found["uiHints"]["gateway.auth.token"]
    assert hint["sensitive"] and hint["help"] and hint["group"] == "gateway"
    looked = client.call("config.schema.lookup", {"path": "gateway.port"})
    assert looked["schema"]["type"] == "integer" and looked["schema"]["maximum"] == 65535 and looked["hint"]["help"]
    provider = client.call("config.schema.lookup", {"path": "models.providers.mock"})
    children = {child["key"]: child for child in provider["children"]}
    assert children["baseUrl"]["required"] and children["apiKey"]["hint"]["sensitive"]
    assert children["models"]["hasChildren"] and children["apiKey"]["path"] == "models.providers.mock.apiKey"
    for path in ("models.nope", "gateway.port.more", "$defs"):
        assert client.fault("config.schema.lookup", {"path": path})["message"] == "config schema path not found"


def test_forms_and_faults_are_in_the_language_of_whoever_asks(gateway: Gateway) -> None:
    with connected(gateway, locale="zh-CN") as client:
        shown = client.call("config.schema")["uiHints"]
        assert shown["gateway.port"]["label"] == "端口" and "监听" in shown["gateway.port"]["help"]
        assert shown["models.providers"]["label"] == "服务商"  # holds others, and has no words of its own
        english = [path for path, hint in shown.items() if not path.endswith("*") and _is_english(hint["label"])]
        assert english == []
        assert client.call("config.schema.lookup", {"path": "gateway.bind"})["hint"]["label"] == "监听地址"
        written = {"raw": '{"gateway": {"port": "x"}}', "baseHash": client.call("config.get")["hash"]}
        refused = client.fault("config.set", written)
        assert not refused["details"]["issues"][0]["message"].isascii()


def _is_english(label: str) -> bool:
    names = {"Google", "PDF", "Tailscale", "Webhook", "Docker", "Brave", "Perplexity", "Tavily", "SearXNG", "Gemini"}
    return label.isascii() and label not in {*names, "Grok", "Kimi", "MCP", "SMTP", "SHA-256", "User-Agent"}


def test_the_log_is_followed_by_its_cursor(client: Client, gateway: Gateway) -> None:
    with connected(gateway, client=BACKEND, device=None):
        pass
    client.fault("nosuch")
    first = client.call("logs.tail", {"limit": 5000})
    assert first["file"].endswith("crawdad.log") and not first["reset"]
    assert client.call("logs.tail", {"cursor": first["cursor"]})["lines"] == []
    beyond = client.call("logs.tail", {"cursor": first["size"] + 10_000})
    assert beyond["reset"] and beyond["lines"][: len(first["lines"])] == first["lines"]
    assert client.fault("logs.tail", {"limit": 0})["message"] == "invalid logs.tail params: at /limit: must be >= 1"


def test_usage_is_told_by_day(client: Client) -> None:
    found = client.call("usage.cost", {"days": 7})
    assert found["days"] == 7 and found["daily"] == [] and found["totals"]["totalTokens"] == 0
    assert client.call("usage.status")["providers"] == []
    assert client.fault("usage.cost", {"startDate": "yesterday"})["code"] == "INVALID_REQUEST"


def test_only_administrators_write(gateway: Gateway) -> None:
    with connected(gateway, [scope for scope in ALL_SCOPES if scope != "operator.admin"]) as client:
        shown = client.call("config.get")
        for method in ("config.set", "config.patch", "config.apply"):
            error = client.fault(method, {"raw": "{}", "baseHash": shown["hash"]})
            assert error["message"] == "missing scope: operator.admin"


def _home(client: Client, shown: Any) -> Any:
    from pathlib import Path

    return Path(shown["path"]).parent
