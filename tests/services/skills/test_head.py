"""The heads of SKILL.md files, as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.core.skill_settings import SkillsSettings
from crawdad.services.skills.gating import Surroundings, hindrance
from crawdad.services.skills.head import Installer, SkillHead, read_head

WHOLE = """---
name: weather
description: "What the sky does: today and tomorrow."
homepage: https://example.com
user-invocable: false
disable-model-invocation: true
command-dispatch: tool
command-tool: exec
metadata: {"openclaw": {emoji: "☔", os: ["linux"], primaryEnv: "KEY", skillKey: 'sky', // a comment
  "requires": {"bins": ["curl"], "anyBins": ["a", "b"], "env": ["KEY"], "config": ["tools.web.fetch.enabled"]},
  install: [{id: "x", kind: "brew", formula: "curl", bins: ["curl"],},],}}
---
# Weather
name: not this one
"""


def test_a_whole_head() -> None:
    assert read_head(WHOLE) == SkillHead(
        name="weather",
        description="What the sky does: today and tomorrow.",
        key="sky",
        homepage="https://example.com",
        user_invocable=False,
        model_invocable=False,
        command_tool="exec",
        emoji="☔",
        primary_env="KEY",
        systems=("linux",),
        binaries=("curl",),
        any_binaries=("a", "b"),
        variables=("KEY",),
        config=("tools.web.fetch.enabled",),
        installers=(Installer("brew", "curl", ("curl",)),),
    )


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("---\nname: a\ndescription: plain words # a comment\n---\n", "plain words"),
        ("---\r\nname: a\r\ndescription: 'it''s'\r\n---\r\n", "it's"),
        ("---\nname: a\ndescription: >\n  folded\n  words\n---\n", "folded words"),
        ("---\nname: a\ndescription: |\n  two\n  lines\n---\n", "two lines"),
        ("---\nname: a\ndescription: goes\n  on\n---\n", "goes on"),
        ("\ufeff---\nname: a\ndescription: 中文说明\nmetadata: {broken\n---\n", "中文说明"),
    ],
)
def test_descriptions(text: str, description: str) -> None:
    head = read_head(text)
    assert head is not None and head.description == description


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# no head",
        "---\nname: a\n---\n",
        "---\nname: a\ndescription: never ends",
        "---\nname: ../a\ndescription: b\n---",
    ],
)
def test_no_head(text: str) -> None:
    assert read_head(text) is None


@given(st.text(alphabet="-\nname:description metadata{}\"'[]|> ", max_size=300))
def test_any_text_is_read(text: str) -> None:
    read_head("---\n" + text)


AROUND = Surroundings("linux", lambda name: name == "curl", {"PRESENT": "1"}, lambda path: path == "tools.x")


@pytest.mark.parametrize(
    ("changes", "settings", "key"),
    [
        ({}, {}, None),
        ({"systems": ("darwin",)}, {}, "skills.other_system"),
        ({"systems": ("darwin", "linux")}, {}, None),
        ({"binaries": ("curl", "jq")}, {}, "skills.no_program"),
        ({"any_binaries": ("jq", "curl")}, {}, None),
        ({"any_binaries": ("jq",)}, {}, "skills.no_program"),
        ({"variables": ("PRESENT",)}, {}, None),
        ({"variables": ("KEY",)}, {}, "skills.no_variable"),
        ({"variables": ("KEY",), "primary_env": "KEY"}, {"entries": {"a": {"apiKey": "k"}}}, None),
        ({"variables": ("KEY",)}, {"entries": {"a": {"env": {"KEY": "k"}}}}, None),
        ({"config": ("tools.x",)}, {}, None),
        ({"config": ("tools.y",)}, {}, "skills.no_config"),
        ({"binaries": ("jq",), "always": True}, {}, None),
        ({"always": True}, {"entries": {"a": {"enabled": False}}}, "skills.disabled"),
    ],
)
def test_gates(changes: dict[str, object], settings: dict[str, object], key: str | None) -> None:
    head = SkillHead("a", "b", "a", **changes)  # type: ignore[arg-type]
    found = hindrance(head, "managed", SkillsSettings.model_validate(settings), AROUND)
    assert (found and found.key) == key
    if found is not None:
        assert found.render("en") != found.render("zh")


def test_bundled_ones_have_a_list() -> None:
    settings = SkillsSettings.model_validate({"allowBundled": ["other"]})
    assert hindrance(SkillHead("a", "b", "a"), "managed", settings, AROUND) is None
    found = hindrance(SkillHead("a", "b", "a"), "bundled", settings, AROUND)
    assert found is not None and found.key == "skills.not_allowed"
