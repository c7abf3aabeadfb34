"""Mapping rules over a running server: saved as data, hot, checked, tried."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crawdad.core.patterns import matches
from crawdad.services.mapping import MOST_RULES, circle_in, plain_mapping, with_mapping
from tests.api.opsclaw.asking import ADMIN, Client
from tests.support.server import TOKEN, Gateway, running_gateway, settings
from tests.support.upstreams.protocols import providers
from tests.support.upstreams.scripted import ScriptedUpstream

MODELS = ["A", "B", "C", "D", "E", "X"]
WILDCARDS = {"gpt*": "v/A", "gpt-4*": "v/B", "claude-opus-*": "v/C", "claude-opus*thinking": "v/D", "*": "v/E"}


def config() -> dict[str, Any]:
    vendor = {"baseUrl": "http://127.0.0.1:9/v1", "models": MODELS, "discover": False, "auth": "none"}
    return settings({"v": vendor}, models={"demo": False})


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with running_gateway(config(), {"CRAWDAD_ADMIN_TOKEN": ADMIN}, home=tmp_path) as found:
        yield found


def tried(gateway: Gateway, model: str, protocol: str = "openai") -> Any:
    told = Client(gateway, ADMIN).post("/api/proxy/mapping/test", {"model": model, "protocol": protocol})
    assert told.status == 200, told
    return told.body


@pytest.mark.parametrize("wrap", [True, False], ids=["config", "bare"])
def test_the_vectors_of_the_contract_hold_and_apply_at_once(gateway: Gateway, wrap: bool) -> None:
    body: Any = {"custom_mapping": WILDCARDS}
    if wrap:
        body = {"config": {"enabled": True, "port": 8045, "api_key": "sk-x", "auto_start": True, **body}}
    told = Client(gateway, ADMIN).post("/api/proxy/mapping", body)
    assert told.status == 200 and told.body["count"] == 5 and told.body["unknown_targets"] == []
    expected = {
        "gpt-3.5": "v/A",
        "gpt-4-turbo": "v/B",
        "claude-opus-4": "v/C",
        "claude-opus-4-5-thinking": "v/D",
        "foo": "v/E",
        "GPT-4": "v/E",
    }
    assert {name: tried(gateway, name)["mapped_model"] for name in expected} == expected
    exact = {**WILDCARDS, "gpt-4-turbo": "v/X"}
    assert Client(gateway, ADMIN).post("/api/proxy/mapping", {"custom_mapping": exact}).status == 200
    assert tried(gateway, "gpt-4-turbo")["mapped_model"] == "v/X"
    detected = Client(gateway, TOKEN, "x-api-key").post("/v1/models/detect", {"model": "gpt-4-turbo"})
    assert detected.body["mapped_model"] == "v/X"


def test_the_shape_of_wildcards() -> None:
    assert matches("a*b*c", "a1b2c") and matches("a*b*c", "abc") and not matches("a*b*c", "a1c")
    assert matches("*-thinking", "x-thinking") and not matches("*-thinking", "x-thinking-y")


@pytest.mark.parametrize(("first", "second"), [("a*c", "*bc"), ("*bc", "a*c")])
def test_ties_go_by_order(gateway: Gateway, first: str, second: str) -> None:
    client = Client(gateway, ADMIN)
    client.post("/api/proxy/mapping", {"custom_mapping": {second: "v/B", first: "v/A"}})
    saved = client.post("/api/proxy/mapping", {"custom_mapping": {first: "v/A", second: "v/B"}})
    assert saved.body["changed"] == ["proxy.custom_mapping"]
    assert tried(gateway, "abc")["mapped_model"] == "v/A"
    assert list(client.get("/api/config").body["proxy"]["custom_mapping"]) == [first, second]


@pytest.mark.parametrize(
    ("mapping", "word"),
    [
        ({"a": "b", "b": "a"}, "a → b → a"),
        ({"gpt-*": "claude-x", "claude-*": "gpt-4"}, "→"),
        ({"a": "v/*"}, "v/*"),
        ({"": "v/A"}, "''"),
        ({"a": "  "}, "'  '"),
        ({"a\nb": "v/A"}, "\\n"),
        ({"a": "x" * 300}, "xxx"),
        ({f"m{number}": "v/A" for number in range(MOST_RULES + 1)}, str(MOST_RULES)),
        ({"a": None}, "string"),
        ({"a": {"b": "c"}}, "string"),
        ("a=b", "object"),
        (None, "object"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(gateway: Gateway, mapping: Any, word: str) -> None:
    client = Client(gateway, ADMIN)
    before = (gateway.home / "openclaw.json").read_text()
    told = client.post("/api/proxy/mapping", {"custom_mapping": mapping})
    assert told.status == 422 and word in told.error
    assert (gateway.home / "openclaw.json").read_text() == before


def test_a_long_list_is_fine_and_a_target_that_comes_later_is_told(gateway: Gateway) -> None:
    mapping = {f"name-{number}-*": "v/A" for number in range(MOST_RULES - 1)} | {"soon": "gemini-3-flash"}
    told = Client(gateway, ADMIN).post("/api/proxy/mapping", {"custom_mapping": mapping})
    assert told.status == 200 and told.body["unknown_targets"] == ["gemini-3-flash"]
    assert tried(gateway, "name-500-x")["mapped_model"] == "v/A"


def test_the_tester_tells_the_way_and_why_there_is_none(gateway: Gateway) -> None:
    mapping = {"mine": "second", "second": "v/A"}
    Client(gateway, ADMIN).post("/api/proxy/mapping", {"custom_mapping": mapping})
    told = tried(gateway, "mine", "anthropic")
    assert [(step["name"], step["target"]) for step in told["steps"]] == [("mine", "second"), ("second", "v/A")]
    assert told["offers"][0] == {"model": "v/A", "provider": "v", "protocol": "openai-chat", "kind": "chat"}
    nowhere = tried(gateway, "nobody")
    assert nowhere["found"] is False and nowhere["mapped_model"] is None and "nobody" in nowhere["reason"]
    refused = Client(gateway, ADMIN).post("/api/proxy/mapping/test", {"model": "x", "protocol": "smoke signals"})
    assert refused.status == 422
    assert Client(gateway, ADMIN).post("/api/proxy/mapping/test", {"model": ""}).status == 422
    assert Client(gateway, TOKEN).post("/api/proxy/mapping/test", {"model": "x"}).status == 401


def test_richer_rules_are_left_alone() -> None:
    rich: dict[str, Any] = {"match": "w", "targets": [{"model": "a", "weight": 2}, {"model": "b"}]}
    narrow: dict[str, Any] = {"match": "n", "targets": [{"model": "a"}], "protocols": ["gemini"]}
    rules = [{"match": "one", "targets": [{"model": "x"}]}, rich, {"match": "two", "targets": [{"model": "y"}]}, narrow]
    assert plain_mapping(rules) == {"one": "x", "two": "y"}
    changed = with_mapping(rules, {"two": "y", "three": "z", "four": "q"})
    assert [rule["match"] for rule in changed] == ["two", "w", "three", "n", "four"]
    assert with_mapping(rules, {}) == [rich, narrow] and with_mapping(rules, plain_mapping(rules)) == rules


def test_a_name_that_stands_for_itself_is_no_circle() -> None:
    assert circle_in({"a": "a", "gemini-*": "gemini-3", "b": "a"}) == []
    assert circle_in({"x": "a", "a": "b", "b": "c", "c": "a"}) == ["a", "b", "c", "a"]
    swapped = {"gpt-4*": "claude-x", "claude-*": "gpt-4o"}
    assert circle_in(swapped) and circle_in(swapped, {"claude-x", "gpt-4o"}.__contains__) == []


def test_errands_go_to_the_background_model(scripted_upstream: ScriptedUpstream, tmp_path: Path) -> None:
    models = {"background": {"enabled": True}}
    found = settings(providers(scripted_upstream.url, scripted_upstream.models, discover=False), models=models)
    errand = {"max_tokens": 100, "messages": [{"role": "user", "content": "Write a conversation title for: hi"}]}
    with running_gateway(found, {"CRAWDAD_ADMIN_TOKEN": ADMIN}, home=tmp_path) as gateway:
        user = Client(gateway, TOKEN, "x-api-key")

        def answered(path: str = "/v1/messages", **changes: Any) -> str | None:
            told = user.post(path, {"model": "chat/story:hello", **errand, **changes})
            assert told.status == 200, told
            name: str | None = told.headers.get("x-crawdad-model")
            return name

        assert answered() == "chat/story:hello"  # the rule is on, but leads nowhere yet
        mapping = {"internal-background-task": "crawdad/demo"}
        assert Client(gateway, ADMIN).post("/api/proxy/mapping", {"custom_mapping": mapping}).status == 200
        assert answered() == "crawdad/demo"
        assert (
            answered(system="Reply with a short session title.", messages=[{"role": "user", "content": "x"}])
            == "crawdad/demo"
        )
        plain = [{"role": "user", "content": "Explain titles"}]
        tool = {"name": "t", "description": "d", "input_schema": {"type": "object", "properties": {}}}
        assert answered(messages=plain) == answered(max_tokens=4000) == answered(tools=[tool]) == "chat/story:hello"
        reminded = [{"role": "user", "content": "<system-reminder> conversation title"}]
        assert answered(messages=reminded) == answered("/v1/chat/completions") == "chat/story:hello"
