"""Where a model name leads."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Limits, Principal
from crawdad.core.listing import ListedModel
from crawdad.core.patterns import matches
from crawdad.core.settings import Settings
from crawdad.services.catalogue import Catalogue, build_catalogue, plan_route, usable_names
from crawdad.services.upstreams import providers_of

ANYONE = Principal("k1", "api_key", "laptop")


def catalogue(models: dict[str, Any], listed: dict[str, list[ListedModel]] | None = None) -> Catalogue:
    settings = Settings.model_validate({"models": models})
    providers = providers_of(settings, lambda url: None, listed or {})
    return build_catalogue(settings, providers, listed or {})


def provider(*models: str, **more: Any) -> dict[str, Any]:
    return {"baseUrl": "http://up/v1", "models": [{"id": model} for model in models], **more}


TWO = {"providers": {"a": provider("m1", "m2"), "b": provider("m1", "m3", weight=2)}}


def names(
    found: Catalogue, requested: str, *, who: Principal = ANYONE, protocol: str = "openai-chat", chance: float = 0
) -> list[str]:
    return [offer.name for offer in plan_route(found, requested, protocol, who, lambda: chance).offers]


def test_a_full_name_leads_to_its_provider() -> None:
    assert names(catalogue(TWO), "a/m1") == ["a/m1"]


def test_a_bare_name_leads_to_every_provider_heaviest_first() -> None:
    assert names(catalogue(TWO), "m1") == ["b/m1", "a/m1"]


def test_an_alias_leads_on() -> None:
    assert names(catalogue({**TWO, "aliases": {"fast": "a/m2"}}), "fast") == ["a/m2"]


def test_an_exact_rule_goes_before_the_most_specific_wildcard() -> None:
    rules = [
        {"match": "gpt-*", "targets": [{"model": "a/m1"}]},
        {"match": "gpt-4*", "targets": [{"model": "a/m2"}]},
        {"match": "gpt-4o", "targets": [{"model": "b/m3"}]},
    ]
    found = catalogue({**TWO, "rules": rules})
    assert names(found, "gpt-4o") == ["b/m3"]
    assert names(found, "gpt-4.1") == ["a/m2"]
    assert names(found, "gpt-3.5") == ["a/m1"]


def test_rules_are_narrowed_by_protocol_and_key() -> None:
    rules = [
        {"match": "x", "targets": [{"model": "a/m1"}], "protocols": ["gemini"]},
        {"match": "x", "targets": [{"model": "a/m2"}], "keys": ["laptop"]},
        {"match": "x", "targets": [{"model": "b/m3"}]},
    ]
    found = catalogue({**TWO, "rules": rules})
    assert names(found, "x", protocol="gemini") == ["a/m1"]
    assert names(found, "x") == ["a/m2"]
    assert names(found, "x", who=Principal("k2", "api_key", "phone")) == ["b/m3"]


def test_weights_choose_and_fallbacks_follow() -> None:
    rules = [
        {
            "match": "x",
            "targets": [{"model": "a/m1", "weight": 3}, {"model": "a/m2", "weight": 1}],
            "fallbacks": ["b/m3"],
        }
    ]
    found = catalogue({**TWO, "rules": rules})
    assert names(found, "x", chance=0.0) == ["a/m1", "a/m2", "b/m3"]
    assert names(found, "x", chance=0.74) == ["a/m1", "a/m2", "b/m3"]
    assert names(found, "x", chance=0.76) == ["a/m2", "a/m1", "b/m3"]


def test_rules_that_lead_in_a_circle_lead_nowhere() -> None:
    rules = [{"match": "x", "targets": [{"model": "y"}]}, {"match": "y", "targets": [{"model": "x"}]}]
    with pytest.raises(GatewayError) as caught:
        names(catalogue({**TWO, "rules": rules}), "x")
    assert caught.value.kind is ErrorKind.NOT_FOUND


def test_an_unknown_name_is_a_404_that_suggests() -> None:
    with pytest.raises(GatewayError) as caught:
        names(catalogue({"providers": {"openai": provider("gpt-4o", "gpt-4o-mini")}}), "gpt-4-o")
    assert caught.value.kind is ErrorKind.NOT_FOUND
    assert "openai/gpt-4o" in caught.value.message("en")
    assert "openai/gpt-4o" in caught.value.message("zh")


def test_an_unknown_name_goes_to_the_default_only_when_there_is_one() -> None:
    assert names(catalogue({**TWO, "default": "a/m2"}), "whatever") == ["a/m2"]


def test_a_dated_model_answers_to_its_undated_name() -> None:
    listed = {"anthropic": [ListedModel("claude-x-1-20250101"), ListedModel("claude-x-1-20250601")]}
    found = catalogue({"providers": {"anthropic": provider()}}, listed)
    assert names(found, "claude-x-1") == ["anthropic/claude-x-1-20250601"]
    assert names(found, "anthropic/claude-x-1-latest") == ["anthropic/claude-x-1-20250601"]


def test_a_provider_without_a_list_takes_its_own_families() -> None:
    found = catalogue({"providers": {"anthropic": provider(), "openai": provider()}})
    assert names(found, "claude-sonnet-4-5") == ["anthropic/claude-sonnet-4-5"]
    assert names(found, "openai/anything") == ["openai/anything"]
    with pytest.raises(GatewayError):
        names(found, "mystery-model")


def test_a_key_reaches_only_its_models_by_any_name() -> None:
    who = Principal("k", "api_key", limits=Limits(models=("a/*",)))
    found = catalogue({**TWO, "aliases": {"fast": "b/m3"}})
    assert names(found, "m1", who=who) == ["a/m1"]
    for name in ("b/m1", "fast", "m3"):
        with pytest.raises(GatewayError) as caught:
            names(found, name, who=who)
        assert caught.value.kind is ErrorKind.FORBIDDEN
    assert set(usable_names(found, who)) == {"a/m1", "a/m2"}


def test_a_404_does_not_name_models_the_key_may_not_use() -> None:
    who = Principal("k", "api_key", limits=Limits(models=("a/*",)))
    with pytest.raises(GatewayError) as caught:
        names(catalogue(TWO), "m33", who=who)
    assert "b/m3" not in caught.value.message()


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("gpt-*", "gpt-4o", True),
        ("*-mini", "gpt-4o-mini", True),
        ("a*b*c", "a1b2c", True),
        ("a*b*c", "a1c2b", False),
        ("aa*aa", "aaa", False),
        ("*", "", True),
        ("x", "x", True),
        ("x", "xy", False),
    ],
)
def test_wildcards(pattern: str, name: str, expected: bool) -> None:
    assert matches(pattern, name) is expected


@given(st.lists(st.sampled_from("ab*"), max_size=60).map("".join), st.text("ab", max_size=200))
def test_wildcards_agree_with_the_standard_library(pattern: str, name: str) -> None:
    from fnmatch import fnmatchcase

    assert matches(pattern, name) is fnmatchcase(name, pattern)


def test_the_configuration_may_tell_a_models_quirks() -> None:
    model = {"id": "m1", "reasoning": False, "compat": {"supportsDeveloperRole": False, "maxTokensField": "max_tokens"}}
    found = catalogue({"providers": {"a": {"baseUrl": "http://up/v1", "models": [model, {"id": "m2"}]}}})
    told, untold = found.offers["a/m1"].profile, found.offers["a/m2"].profile
    assert (told.reasoning_effort, told.developer_role, told.max_tokens_field) == (False, False, "max_tokens")
    assert told.stream_usage == untold.stream_usage
