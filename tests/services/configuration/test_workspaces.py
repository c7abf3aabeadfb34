"""No door writes a workspace that holds the gateway's state or the system; what stands there already is warned of."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawdad.services.configuration import edits
from crawdad.services.configuration.source import ConfigurationSource
from tests.services.configuration.fakes import FakeBox, FakeFiles


def source_in(home: Path, text: str, config: Path | None = None) -> ConfigurationSource:
    files = FakeFiles()
    path = str(config or home / "openclaw.json")
    files.texts[path] = text
    return ConfigurationSource(path, files, {}, FakeBox(), str(home))


def naming(place: str) -> str:
    return edits.set_value("{}", ("agents", "list"), [{"id": "main", "default": True}, {"id": "a", "workspace": place}])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    found = tmp_path / "user" / ".crawdad"
    found.mkdir(parents=True)
    (tmp_path / "user" / "link").symlink_to("/etc")
    (found / "workspace-link").symlink_to(found / "backups")
    return found


@pytest.mark.parametrize(
    ("place", "fault"),
    [
        *(
            (place, "own")
            for place in (".", "~", "~/.crawdad", "/", "~/.crawdad/logs/x", "spool", "workspace/../media")
        ),
        ("workspace-link", "own"),
        *((place, "system") for place in ("/etc", "/usr/share/x", "/var/lib", "~/link")),
        *((place, "") for place in ("~/research", "workspace", "workspace-a", "workspaces/a", "/srv/agents/a")),
    ],
)
async def test_where_an_agent_may_work(home: Path, place: str, fault: str) -> None:
    written = await source_in(home, "{}").write(lambda _: naming(place))
    keys = [problem.message.key for problem in written.problems if problem.is_error]
    assert keys == ([f"configuration.workspace.{fault}"] if fault else [])
    assert written.written is not bool(fault)


async def test_the_folder_of_the_configuration_is_no_workspace_and_folders_beside_it_are(home: Path) -> None:
    config = home.parent / "settings" / "openclaw.json"
    assert (await source_in(home, "{}", config).write(lambda _: naming("~/settings"))).refused
    assert not (await source_in(home, "{}", config).write(lambda _: naming("~/settings/agent"))).refused


async def test_one_that_was_there_before_is_warned_of_and_keeps_nothing_from_changing(home: Path) -> None:
    source = source_in(home, naming("~"))
    loaded = await source.load()
    assert loaded.is_valid and [problem.path for problem in loaded.problems] == ["agents.list[1].workspace"]

    def without_main(text: str) -> str:
        return edits.unset_value(text, ("agents", "list", 0))

    assert not (await source.write(without_main)).refused, "it stands in another place, and is the same"
    assert (await source.write(lambda text: edits.set_value(text, ("agents", "list", 0, "workspace"), "/etc"))).refused
    assert any(problem.is_error for problem in await source.problems_of(lambda _: naming("/etc")))
