"""Skills over real directories: precedence, reload, limits, filters, and reading them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from crawdad.adapters.agent_files import LocalSkillFolders
from crawdad.core.errors import GatewayError
from crawdad.core.skill_settings import SkillsSettings
from crawdad.services.agent_tools.skill import SkillTool
from crawdad.services.skills.gating import Surroundings
from crawdad.services.skills.library import Place, SkillLibrary
from tests.support.tool_calls import context, words


def write(root: Path, name: str, description: str = "Does it.", head: str = "", body: str = "Do it.") -> Path:
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "SKILL.md").write_text(f"---\nname: {name}\ndescription: {description}\n{head}---\n{body}\n")
    return folder


def library(tmp_path: Path, only: Sequence[str] | None = None, **settings: Any) -> SkillLibrary:
    values = SkillsSettings.model_validate(settings)
    around = Surroundings("linux", lambda name: False, {}, lambda path: False)

    def places(workspace: Path | None) -> list[Place]:
        low = [Place("extra", str(tmp_path / "extra")), Place("managed", str(tmp_path / "managed"))]
        return low if workspace is None else [*low, Place("workspace", str(workspace / "skills"), links=False)]

    return SkillLibrary(LocalSkillFolders(), lambda: values, places, lambda: around, lambda agent: only)


async def test_the_later_place_counts(tmp_path: Path) -> None:
    write(tmp_path / "extra", "tea", "The extra one.")
    write(tmp_path / "managed", "tea", "The managed one.")
    found = library(tmp_path)
    assert "The managed one." in (await found.snapshot("main", tmp_path)).prompt
    write(tmp_path / "skills", "tea", "The workspace's one.")
    snapshot = await found.snapshot("main", tmp_path)
    assert snapshot.names == ("tea",) and "- tea: The workspace's one." in snapshot.prompt
    assert "managed" not in snapshot.prompt.partition("- tea")[2]


async def test_changes_are_seen_and_nothing_else_changes_the_prompt(tmp_path: Path) -> None:
    write(tmp_path / "managed", "tea")
    write(tmp_path / "managed", "boats")
    found = library(tmp_path)
    first = await found.snapshot("main", tmp_path)
    assert first.names == ("boats", "tea") and first == await found.snapshot("main", tmp_path)
    write(tmp_path / "managed", "tea", "Something else.")
    second = await found.snapshot("main", tmp_path)
    assert second.version != first.version and "Something else." in second.prompt
    (tmp_path / "managed" / "tea" / "SKILL.md").unlink()
    assert (await found.snapshot("main", tmp_path)).names == ("boats",)


async def test_nothing_is_told_of_no_skills(tmp_path: Path) -> None:
    assert (await library(tmp_path).snapshot("main", tmp_path)).prompt == ""


async def test_those_that_cannot_be_used_are_not_told_of(tmp_path: Path) -> None:
    write(tmp_path / "managed", "needs", head='metadata: {"openclaw": {"requires": {"bins": ["jq"]}}}\n')
    write(tmp_path / "managed", "silent", head="disable-model-invocation: true\n")
    write(tmp_path / "managed", "off")
    write(tmp_path / "managed", "good")
    found = library(tmp_path, entries={"off": {"enabled": False}})
    assert (await found.snapshot("main", tmp_path)).names == ("good",)
    reasons = {skill.head.name: skill.hindrance and skill.hindrance.key for skill in await found.found()}
    assert reasons == {"good": None, "needs": "skills.no_program", "off": "skills.disabled", "silent": None}


async def test_filters_and_limits(tmp_path: Path) -> None:
    for number in range(10):
        write(tmp_path / "managed", f"s{number}")
    write(tmp_path / "managed", "big", body="x" * 1000)
    assert (await library(tmp_path, only=("s3", "s7", "none")).snapshot("main", tmp_path)).names == ("s3", "s7")
    assert (await library(tmp_path, only=()).snapshot("main", tmp_path)).names == ()
    limited = library(tmp_path, limits={"maxSkillsInPrompt": 2, "maxSkillFileBytes": 500})
    assert (await limited.snapshot("main", tmp_path)).names == ("s0", "s1")
    few = library(tmp_path, limits={"maxSkillsLoadedPerSource": 3})
    assert len(await few.found()) == 3
    short = await library(tmp_path, limits={"maxSkillsPromptChars": 700}).snapshot("main", tmp_path)
    assert 0 < len(short.names) < 11 and len(short.prompt) <= 700


async def test_variables_of_the_skills_in_use(tmp_path: Path) -> None:
    write(tmp_path / "managed", "a", head='metadata: {"openclaw": {"primaryEnv": "A_KEY"}}\n')
    write(tmp_path / "managed", "b")
    entries = {"a": {"apiKey": "k", "env": {"MORE": "m"}}, "b": {"enabled": False, "env": {"NOT": "n"}}}
    found = await library(tmp_path, entries=entries).environment("main", tmp_path)
    assert {name: value.reveal() for name, value in found.items()} == {"A_KEY": "k", "MORE": "m"}


async def test_a_workspace_links_nowhere(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", "linked")
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "linked").symlink_to(tmp_path / "elsewhere" / "linked")
    (tmp_path / "skills" / "file").mkdir()
    (tmp_path / "skills" / "file" / "SKILL.md").symlink_to(tmp_path / "elsewhere" / "linked" / "SKILL.md")
    assert (await library(tmp_path).snapshot("main", tmp_path)).names == ()


async def test_the_tool_reads_a_skill_and_nothing_around_it(tmp_path: Path) -> None:
    folder = write(tmp_path / "managed", "tea", body="Boil water.")
    (folder / "references").mkdir()
    (folder / "references" / "pots.md").write_text("Many pots.")
    (folder / "link.md").symlink_to("/etc/hostname")
    (tmp_path / "managed" / "secret.md").write_text("secret")
    tool = SkillTool(library(tmp_path), LocalSkillFolders())
    assert "Boil water." in words(await tool.run({"name": "tea"}, context(tmp_path)))
    assert words(await tool.run({"name": "tea", "path": "references/pots.md"}, context(tmp_path))) == "Many pots."
    for path in ("../secret.md", "/etc/hostname", "link.md", "references", "none.md"):
        with pytest.raises(GatewayError, match="It has: SKILL"):
            await tool.run({"name": "tea", "path": path}, context(tmp_path))
    with pytest.raises(GatewayError, match="no skill"):
        await tool.run({"name": "coffee"}, context(tmp_path))
