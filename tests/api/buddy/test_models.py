"""`/v1/openclaw/models/*`: buddy.md §1.5, §5.5, §5.6, §8 (13, 14, 16, 22); decision 2."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.buddy.asking import Buddy
from tests.support.server import free_port, running_gateway
from tests.support.upstreams.fixtures import scripted_upstream
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.waiting import PATIENCE

__all__ = ["scripted_upstream"]

KEY = "sk-buddy-test-0123456789"
MASK = "__OPENCLAW_REDACTED__"
CONFIG = "/v1/openclaw/models/config"
PROVIDER = "/v1/openclaw/models/provider"
MODEL = f"{PROVIDER}/model"
DEFAULT = "/v1/openclaw/models/set-default"
TEST = "/v1/openclaw/models/test-direct"


@pytest.fixture
def buddy(scripted_upstream: ScriptedUpstream) -> Iterator[Buddy]:
    text = f"""{{
  // what the operator wrote
  models: {{
    discoverLocal: false,
    providers: {{
      acme: {{ baseUrl: "{scripted_upstream.url}/v1", apiKey: "{KEY}", models: [{{ id: "story:hello" }}] }},
      claude: {{
        baseUrl: "{scripted_upstream.url}", apiKey: "{KEY}", api: "anthropic-messages", models: [{{ id: "story:hello" }}],
      }},
      gone: {{ baseUrl: "http://127.0.0.1:{free_port()}/v1", apiKey: "{KEY}", models: [{{ id: "m" }}] }},
    }},
  }},
  agents: {{ defaults: {{ model: {{ primary: "acme/story:hello", fallbacks: ["gone/m"] }} }} }},
}}"""
    gateway = running_gateway({})
    (gateway.home / "openclaw.json").write_text(text)
    with gateway:
        yield Buddy(gateway)


def text_of(buddy: Buddy) -> str:
    return (buddy.gateway.home / "openclaw.json").read_text()


def test_keys_are_shown_to_who_may_read_secrets_alone(buddy: Buddy) -> None:
    assert buddy.get(CONFIG)["acme"]["apiKey"] == KEY
    answer = buddy.key("config.read").ask("GET", CONFIG)
    assert KEY not in answer.text
    assert answer.json()["data"]["acme"]["apiKey"] == MASK
    assert answer.headers["cache-control"] == "no-store"


def test_a_file_that_cannot_be_read_is_no_fault_of_the_request(buddy: Buddy) -> None:
    (buddy.gateway.home / "openclaw.json").write_text("{ models: ")
    buddy.refused(500, "GET", CONFIG)


def test_a_provider_is_replaced_but_for_its_models_and_a_hidden_key(buddy: Buddy) -> None:
    config = {"baseUrl": "http://127.0.0.1:9/v1", "apiKey": MASK, "models": [{"id": "other"}]}
    data = buddy.done("POST", PROVIDER, {"name": "acme", "config": config})
    assert data["message"] == "The provider is saved."
    assert buddy.get(CONFIG)["acme"] == {
        "baseUrl": "http://127.0.0.1:9/v1",
        "apiKey": KEY,
        "models": [{"id": "story:hello"}],
    }
    assert "// what the operator wrote" in text_of(buddy)
    assert KEY not in text_of(buddy)  # sealed


def test_a_new_provider_gets_no_models_and_is_there_at_once(buddy: Buddy, scripted_upstream: ScriptedUpstream) -> None:
    config = {"baseUrl": f"{scripted_upstream.url}/v1", "apiKey": "sk-new-0123456789"}
    buddy.done("POST", PROVIDER, {"providerName": "new", "config": config}, headers={"accept-language": "zh-CN"})
    assert buddy.get(CONFIG)["new"]["models"] == []
    assert buddy.done("POST", MODEL, {"provider_name": "new", "model_config": {"id": "story:hello"}})
    told = ask_model(buddy, "new/story:hello")
    assert "scripted model" in told["choices"][0]["message"]["content"]


def ask_model(buddy: Buddy, model: str) -> Any:
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    answer = buddy.ask("POST", "/v1/chat/completions", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_words_come_in_the_clients_language(buddy: Buddy) -> None:
    model = {"providerName": "acme", "modelConfig": {"id": "m2", "contextWindow": 1000}}
    data = buddy.done("POST", MODEL, model, headers={"accept-language": "zh-CN"})
    assert data["message"] == "模型已成功添加至提供商"


def test_a_model_is_added_replaced_and_removed(buddy: Buddy) -> None:
    for window in (1000, 2000):
        model = {"id": "org/m2", "name": "Two", "contextWindow": window}
        buddy.done("POST", MODEL, {"providerName": "acme", "modelConfig": model})
        assert buddy.get(CONFIG)["acme"]["models"] == [{"id": "story:hello"}, model]
    assert "agents.defaults.models" not in text_of(buddy)
    assert "models" not in json.dumps(config_of(buddy)["agents"])  # the list of what may be switched to is not begun
    buddy.done("DELETE", f"{PROVIDER}/acme/model/org%2Fm2")
    assert buddy.get(CONFIG)["acme"]["models"] == [{"id": "story:hello"}]
    buddy.done("DELETE", MODEL, params={"provider": "acme", "id": "story:hello"})
    assert buddy.get(CONFIG)["acme"]["models"] == []
    buddy.done("DELETE", MODEL, {"provider_name": "gone", "model_id": "m"})
    buddy.done("DELETE", f"{PROVIDER}/gone")
    assert set(buddy.get(CONFIG)) == {"acme", "claude"}


def config_of(buddy: Buddy) -> dict[str, Any]:
    answer = buddy.ask("GET", "/api/openclaw/config")
    found: dict[str, Any] = answer.json()["config"]
    return found


REFUSED: list[tuple[str, str, Any, int]] = [
    ("POST", PROVIDER, {"config": {}}, 400),
    ("POST", PROVIDER, {"name": "x"}, 400),
    ("POST", PROVIDER, {"name": "x", "config": []}, 400),
    ("POST", PROVIDER, {"name": "a/b", "config": {}}, 400),
    ("POST", PROVIDER, {"name": "__proto__", "config": {}}, 400),
    ("POST", PROVIDER, {"name": "x", "config": {"baseUrl": "ftp://nowhere"}}, 400),
    ("POST", PROVIDER, {"name": "x", "config": {"baseUrl": "http://127.0.0.1:9", "apiKey": MASK}}, 400),
    ("POST", MODEL, {"providerName": "nobody", "modelConfig": {"id": "m"}}, 404),
    ("POST", MODEL, {"providerName": "acme", "modelConfig": {"name": "m"}}, 400),
    ("DELETE", f"{PROVIDER}/nobody/model/m", None, 404),
    ("DELETE", f"{PROVIDER}/acme/model/nothing", None, 404),
    ("DELETE", f"{PROVIDER}/nobody", None, 404),
    ("DELETE", MODEL, None, 400),
    ("POST", DEFAULT, {"modelId": "acme/nothing-like-it"}, 404),
    ("POST", DEFAULT, {"modelId": 5}, 400),
    ("POST", DEFAULT, {}, 400),
    ("POST", TEST, {"providerName": "acme"}, 400),
    ("POST", TEST, {"providerName": "nobody", "modelId": "m"}, 404),
]


def test_what_cannot_be_is_refused_and_changes_nothing(buddy: Buddy) -> None:
    before = text_of(buddy)
    for method, path, body, status in REFUSED:
        buddy.refused(status, method, path, body)
        assert text_of(buddy) == before, (method, path, body)


def test_the_default_model_is_set_and_its_fallbacks_stay(buddy: Buddy) -> None:
    data = buddy.done("POST", DEFAULT, {"model_id": "claude/story:hello"})
    assert data["message"] == "The default model is changed."
    model = config_of(buddy)["agents"]["defaults"]["model"]
    assert model == {"primary": "claude/story:hello", "fallbacks": ["gone/m"]}


def test_who_does_not_want_to_wait_is_told_the_task(buddy: Buddy) -> None:
    answer = buddy.ask("POST", DEFAULT, {"modelId": "claude/story:hello"}, headers={"prefer": "respond-async"})
    body = answer.json()
    assert (answer.status_code, body["code"], set(body["data"])) == (202, 202, {"taskID"})
    task = buddy.ask("GET", f"/api/tasks/{body['data']['taskID']}").json()
    assert "set-default-model" in json.dumps(task)


def test_readers_change_nothing(buddy: Buddy) -> None:
    reader = buddy.key("config.read", "system.read")
    for method, path in (("POST", PROVIDER), ("POST", MODEL), ("POST", DEFAULT), ("POST", TEST)):
        reader.refused(403, method, path, {})
    reader.refused(403, "DELETE", f"{PROVIDER}/acme")
    buddy.key("system.read").refused(403, "GET", CONFIG)
    assert httpx.get(buddy.gateway.base_url + CONFIG, timeout=PATIENCE).status_code == 401


def test_a_real_call_measures_the_first_token(buddy: Buddy, scripted_upstream: ScriptedUpstream) -> None:
    scripted_upstream.journal.clear()
    for provider, path in (("acme", "/v1/chat/completions"), ("claude", "/v1/messages")):
        answer = buddy.ask("POST", TEST, {"providerName": provider, "modelId": "story:hello"})
        data = answer.json()["data"]
        assert (answer.status_code, data["status"]) == (200, "success"), answer.text
        assert isinstance(data["latency"], int)
        assert 0 <= data["ttfb"] <= data["latency"]
        asked = [one for one in scripted_upstream.journal if one.path == path]
        assert len(asked) == 1
        assert KEY in (asked[0].headers.get("authorization", "") + asked[0].headers.get("x-api-key", ""))
        assert json.loads(asked[0].body)["stream"] is True


def test_an_upstreams_refusal_is_a_502_that_names_its_status(buddy: Buddy) -> None:
    body = buddy.refused(502, "POST", TEST, {"providerName": "acme", "modelId": "nothing"})
    assert body["data"] == {"status": "failed", "upstreamStatus": 404}
    body = buddy.refused(502, "POST", TEST, {"providerName": "gone", "modelId": "m"})
    assert body["data"] == {"status": "failed", "upstreamStatus": None}
    assert KEY not in json.dumps(body)
