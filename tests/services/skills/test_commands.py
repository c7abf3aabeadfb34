"""Commands of people that call for a skill: which message is one, and what the model is told then."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from crawdad.core.text import Text
from crawdad.services.skills.commands import called_in, command_of, commands_of, instructions
from crawdad.services.skills.head import SkillHead, read_head
from crawdad.services.skills.skill import Skill
from tests.services.skills.test_library import library, write


def skill(name: str, *, people: bool = True, usable: bool = True, tool: str = "") -> Skill:
    head = SkillHead(name, "Does it.", name, user_invocable=people, command_tool=tool)
    return Skill(head, f"/s/{name}", f"/s/{name}/SKILL.md", "managed", None if usable else Text("skills.disabled"))


SKILLS: Sequence[Skill] = (
    skill("Daily.Brief"),
    skill("new"),
    skill("off", usable=False),
    skill("quiet", people=False),
    skill("tea-time"),
    skill("tea.time"),
    skill("a" * 40),
)


@pytest.mark.parametrize(
    ("message", "name", "words"),
    [
        ("/daily_brief", "Daily.Brief", ""),
        ("/Daily.Brief  for\nme ", "Daily.Brief", "for\nme"),
        ("  /DAILY-BRIEF x", "Daily.Brief", "x"),
        ("[Sun 2026-11-29 11:00 UTC] /tea-time now", "tea-time", "now"),
        ("/tea_time", "tea-time", ""),
        ("/tea.time", "tea.time", ""),
        ("/skill tea.time two cups", "tea.time", "two cups"),
        ("/skill new x", "new", "x"),
        ("/" + "a" * 32, "a" * 40, ""),
    ],
)
def test_what_calls_for_a_skill(message: str, name: str, words: str) -> None:
    called = called_in(message, SKILLS)
    assert called is not None and (called.skill.head.name, called.words) == (name, words)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "/",
        "/new",
        "/off",
        "/quiet",
        "/skill",
        "/skill quiet x",
        "/nobody",
        "/usr/bin/tea-time",
        "say /tea-time",
        "//tea-time",
    ],
)
def test_what_calls_for_none(message: str) -> None:
    assert called_in(message, SKILLS) is None


def test_names_of_commands() -> None:
    assert list(commands_of(SKILLS)) == ["daily_brief", "tea_time", "a" * 32]
    assert command_of(skill("__x--y__")) == "x_y"


def test_what_the_model_is_told() -> None:
    called = called_in("/tea-time for two", [skill("tea-time", tool="kettle")])
    assert called is not None
    text = instructions(called, "---\nname: tea-time\ndescription: x\n---\n# Boil\nwater\n")
    assert "for two" in text and "/s/tea-time" in text and "the tool kettle" in text
    assert text.endswith("# Boil\nwater") and "description: x" not in text
    long = instructions(called, "x" * 60_000)
    assert len(long) < 51_000 and "the tool `skill` reads all" in long


async def test_a_skill_that_models_may_not_begin_is_for_people(tmp_path: Path) -> None:
    write(tmp_path / "managed", "tea", head="disable-model-invocation: true\n", body="Boil water.")
    found = library(tmp_path)
    assert (await found.snapshot("main", tmp_path)).prompt == ""
    told = await found.called("main", tmp_path, "/tea for two")
    assert told is not None and "Boil water." in told.instructions
    assert (told.skill, told.command, told.words, told.tool) == ("tea", "tea", "for two", "")
    assert await found.called("main", tmp_path, "tea for two") is None
    assert await library(tmp_path, only=("other",)).called("main", tmp_path, "/tea for two") is None


BUNDLED = Path(__file__).resolve().parents[3] / "src/crawdad/bundled/skills"


@pytest.mark.parametrize("folder", sorted(BUNDLED.iterdir()), ids=lambda path: path.name)
def test_bundled_skills_are_whole(folder: Path) -> None:
    text = (folder / "SKILL.md").read_text()
    head = read_head(text)
    assert head is not None and head.name == folder.name and head.user_invocable and head.model_invocable
    assert 20 < len(head.description) < 140 and any("\u4e00" <= letter <= "\u9fff" for letter in head.description_zh)
    assert head.described("zh") == head.description_zh and head.described("en") == head.description
    assert len(text) < 4000, "the instructions are read in a turn that somebody pays for"
