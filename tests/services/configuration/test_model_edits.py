"""Edits of providers, models and the default model: what they keep, and what they do to the list of what may be switched to."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.services.configuration import edits
from crawdad.services.configuration.model_edits import (
    with_default_model,
    with_model,
    with_provider,
    without_model,
    without_provider,
)
from crawdad.services.configuration.redaction import REDACTED

TEXT = """{
  // kept
  models: { providers: { acme: { baseUrl: "http://a/v1", apiKey: "sk-0123456789abcdef", models: [{ id: "m1" }] } } },
}"""
LISTED = """{
  models: { providers: { acme: { baseUrl: "http://a/v1", models: [{ id: "m1" }] } } },
  agents: { defaults: { models: { "acme/m1": { alias: "one" }, "other/x": {} } } },
}"""


def acme(text: str) -> dict[str, Any]:
    found: dict[str, Any] = edits.value_of(text)["models"]["providers"]["acme"]
    return found


def listed(text: str) -> dict[str, Any]:
    found: dict[str, Any] = edits.value_of(text)["agents"]["defaults"]["models"]
    return found


def test_a_provider_keeps_its_models_and_a_hidden_key() -> None:
    text = with_provider("acme", {"baseUrl": "http://b/v1", "apiKey": REDACTED, "models": [{"id": "x"}]})(TEXT)
    assert acme(text) == {"baseUrl": "http://b/v1", "apiKey": "sk-0123456789abcdef", "models": [{"id": "m1"}]}
    assert "// kept" in text


def test_a_new_provider_brings_its_models_or_none() -> None:
    text = with_provider("acme", {"baseUrl": "http://a/v1", "models": [{"id": "x"}]})("")
    assert acme(text)["models"] == [{"id": "x"}]
    assert acme(with_provider("acme", {"baseUrl": "http://a/v1"})(""))["models"] == []


def test_a_model_keeps_its_place() -> None:
    text = with_model("acme", {"id": "m2"})(TEXT)
    text = with_model("acme", {"id": "m1", "name": "One"})(text)
    assert acme(text)["models"] == [{"id": "m1", "name": "One"}, {"id": "m2"}]


def test_no_list_of_models_is_begun_and_one_there_is_grows_and_shrinks() -> None:
    assert "agents" not in edits.value_of(with_model("acme", {"id": "m2"})(TEXT))
    text = with_model("acme", {"id": "m2"})(LISTED)
    assert listed(text) == {"acme/m1": {"alias": "one"}, "other/x": {}, "acme/m2": {}}
    text = without_model("acme", "m2")(text)
    assert listed(text) == {"acme/m1": {"alias": "one"}, "other/x": {}}
    text = without_provider("acme")(text)
    assert listed(text) == {"other/x": {}}


def test_the_last_of_the_list_stays() -> None:
    """An empty list would mean every model."""
    text = LISTED.replace(', "other/x": {}', "")
    assert listed(without_model("acme", "m1")(text)) == {"acme/m1": {"alias": "one"}}


@pytest.mark.parametrize(("before", "after"), [("'x'", {"primary": "y"}), ("{ primary: 'x', fallbacks: ['z'] }", None)])
def test_the_default_model(before: str, after: dict[str, Any] | None) -> None:
    text = with_default_model("y")(f"{{ agents: {{ defaults: {{ model: {before} }} }} }}")
    assert edits.value_of(text)["agents"]["defaults"]["model"] == (after or {"primary": "y", "fallbacks": ["z"]})


def test_what_is_not_there_is_not_found() -> None:
    for edit in (
        with_model("nobody", {"id": "m"}),
        without_model("nobody", "m"),
        without_model("acme", "m"),
        without_provider("x"),
    ):
        with pytest.raises(GatewayError) as raised:
            edit(TEXT)
        assert raised.value.kind is ErrorKind.NOT_FOUND
