"""Manifests: what is read from a good one, and each fault told with its place, in both languages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.plugin_manifest import api_fits, read_manifest, version_key
from tests.support.plugins import EXAMPLE, manifest


def read(document: Any, name: str = "crawdad.plugin.json") -> Any:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_manifest(data, name)


def faults(document: Any, name: str = "crawdad.plugin.json") -> dict[str, str]:
    with pytest.raises(GatewayError) as caught:
        read(document, name)
    assert caught.value.kind is ErrorKind.BAD_REQUEST
    problems = caught.value.details["problems"]
    for each in problems:
        assert each["message"] and each["message_zh"] and each["message"] != each["message_zh"]
    assert problems[0]["message"] in caught.value.message("en")
    return {each["path"]: each["message"] for each in problems}


def test_the_example() -> None:
    found = read((EXAMPLE / "crawdad.plugin.json").read_bytes())
    assert (found.id, found.version, found.entry) == ("dice", "1.0.0", "dice:register")
    assert found.name.render("zh") == "骰子" and found.name.render("en") == "Dice"
    assert found.offers.tools == ("roll_dice",) and found.offers.commands[0].description.render("zh") == "掷骰子。"
    assert found.permissions.config == ("session.scope",) and not found.isolated
    assert found.ui_hints["sides"]["label"]["zh"] == "面数"


def test_toml_says_the_same() -> None:
    text = b"""
id = "hello"
version = "0.1"
crawdad = ">=1.0"
entry = "hello.plugin:register"
isolated = true
[offers]
tools = ["hello"]
[permissions]
network = ["*.example.com", "api.example.com:8443"]
"""
    found = read(text, "crawdad.plugin.toml")
    assert found.isolated and found.permissions.network == ("*.example.com", "api.example.com:8443")
    assert found.name.render("zh") == "hello", "without a name it goes by its id"
    assert found.config_schema == {"type": "object", "properties": {}, "additionalProperties": False}


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "id": ({"id": "Not An Id"}, "id"),
    "path in the id": ({"id": "../up"}, "id"),
    "version": ({"version": "one"}, "version"),
    "entry": ({"entry": "os.system"}, "entry"),
    "range": ({"crawdad": "new"}, "crawdad"),
    "another interface": ({"crawdad": ">=2"}, "crawdad"),
    "unknown key": ({"permission": {}}, "permission"),
    "unknown offer": ({"offers": {"tool": []}}, "offers.tool"),
    "no such hook": ({"offers": {"hooks": ["agent_end", "agent_ends"]}}, "offers.hooks[1]"),
    "twice": ({"offers": {"tools": ["a", "a"]}}, "offers.tools[1]"),
    "not a list": ({"offers": {"tools": "a"}}, "offers.tools"),
    "not a name": ({"offers": {"tools": ["a b"]}}, "offers.tools[0]"),
    "a path that leads out": ({"offers": {"skills": ["../../etc"]}}, "offers.skills[0]"),
    "a host": ({"permissions": {"network": ["http://x.example"]}}, "permissions.network[0]"),
    "unknown permission": ({"permissions": {"net": []}}, "permissions.net"),
    "schema": ({"configSchema": {"type": "array"}}, "configSchema"),
    "hint": ({"uiHints": {"a": {"colour": "red"}}}, "uiHints.a.colour"),
    "words": ({"name": {"fr": "Bonjour"}}, "name"),
    "control characters": ({"description": "a\x1b[31mb"}, "description"),
    "flag": ({"isolated": "yes"}, "isolated"),
    "command": ({"offers": {"commands": [{"name": "Not Good"}]}}, "offers.commands[0].name"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_fault_is_told_with_its_place(name: str) -> None:
    change, path = WRONG[name]
    assert list(faults({**manifest("hello", {}), **change})) == [path]


def test_all_faults_are_told_at_once() -> None:
    assert set(faults({"id": "A", "offers": {"x": 1}})) == {"id", "version", "entry", "crawdad", "offers.x"}


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff\xfe", b"{" * 100_000, b'"' + b"x" * 300_000 + b'"'])
def test_what_is_no_manifest_at_all(data: bytes) -> None:
    assert list(faults(data)) == [""]


def test_keys_of_ones_own_may_stand_there() -> None:
    assert read({**manifest("hello", {}), "x-build": 7}).id == "hello"


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [(">=1,<2", True), ("1", True), ("==1.0", True), ("~=1.0", True), (">=1.1", False), ("<1", False), (">1", False)],
)
def test_ranges(wanted: str, fits: bool) -> None:
    assert api_fits(wanted) is fits


def test_versions_are_sorted_by_their_numbers() -> None:
    versions = ["1.10", "1.9.3", "1.9", "2.0-beta", "2.0", "1.9.3.1"]
    assert sorted(versions, key=version_key) == ["1.9", "1.9.3", "1.9.3.1", "1.10", "2.0-beta", "2.0"]
