"""`crawdad skills` and `crawdad mcp` against a home of their own."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

from crawdad.core.mcp import PinnedTool
from crawdad.store.database import open_database
from crawdad.store.mcp_tools import ToolPinStore
from tests.app.test_accounts_command import crawdad, document

SKILL = "---\nname: tea\ndescription: Makes tea.\n---\nBoil water, see https://kettle.example.\n"


def own(finished: subprocess.CompletedProcess[str]) -> list[Any]:
    """The skills that do not come along with Crawdad."""
    return [skill for skill in document(finished)["skills"] if skill["source"] != "bundled"]


def test_bundled_skills_are_described_in_the_language_of_the_reader(tmp_path: Path) -> None:
    told = crawdad(tmp_path, "skills", "show", "weather", CRAWDAD_LANG="zh")
    assert told.returncode == 0 and "天气" in told.stdout
    assert "Open-Meteo" in crawdad(tmp_path, "skills", "list").stdout


def test_from_installing_to_removing(tmp_path: Path) -> None:
    home, source = tmp_path / "home", tmp_path / "source"
    source.mkdir()
    (source / "SKILL.md").write_text(SKILL)
    assert crawdad(home, "skills", "install", str(source)).returncode != 0, "somebody has to agree"
    seen = document(crawdad(home, "skills", "install", str(source), "--dry-run", "--json"))
    assert seen["permissions"]["hosts"] == ["kettle.example"] and not seen["installed"]
    assert own(crawdad(home, "skills", "list", "--json")) == []
    done = document(crawdad(home, "skills", "install", str(source), "--yes", "--json"))
    assert done["installed"] and done["sha256"] == seen["sha256"]
    assert crawdad(home, "skills", "install", str(source), "--yes").returncode == 1
    assert crawdad(home, "skills", "disable", "tea").returncode == 0
    (listed,) = own(crawdad(home, "skills", "list", "--json"))
    assert not listed["usable"] and listed["source"] == "managed"
    assert json.loads((home / "openclaw.json").read_text()) == {"skills": {"entries": {"tea": {"enabled": False}}}}
    assert crawdad(home, "skills", "enable", "tea").returncode == 0
    assert document(crawdad(home, "skills", "show", "tea", "--json"))["usable"]
    assert crawdad(home, "skills", "remove", "tea").returncode == 0
    assert crawdad(home, "skills", "remove", "tea").returncode == 1
    assert crawdad(home, "skills", "enable", "tea").returncode == 1


def test_skills_of_a_workspace(tmp_path: Path) -> None:
    folder = tmp_path / "workspace" / "skills" / "tea"
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text(SKILL)
    (listed,) = own(crawdad(tmp_path, "skills", "list", "--json"))
    assert (listed["name"], listed["source"]) == ("tea", "workspace")


async def see(home: Path) -> None:
    async with open_database(f"sqlite:///{home / 'crawdad.db'}") as database:
        await ToolPinStore(database).see(PinnedTool("server", "tool", None, "digest", "Does it.", 1.0))


def test_tools_of_servers_are_approved(tmp_path: Path) -> None:
    asyncio.run(see(tmp_path))
    (told,) = document(crawdad(tmp_path, "mcp", "list", "--json"))["tools"]
    assert not told["usable"] and told["description"] == "Does it."
    assert crawdad(tmp_path, "mcp", "approve", "server", "other").returncode == 1
    assert document(crawdad(tmp_path, "mcp", "approve", "server", "--json")) == {"approved": ["tool"]}
    (told,) = document(crawdad(tmp_path, "mcp", "list", "server", "--json"))["tools"]
    assert told["usable"] and told["approvedBy"] == "operator"
    assert document(crawdad(tmp_path, "mcp", "forget", "server", "--json")) == {"forgotten": 1}
