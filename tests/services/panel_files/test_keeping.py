"""The task that cleans, notes, and uploads as they are counted: real files and database, a clock that the test moves."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crawdad.adapters.tools.folder_tree import LocalFileTrash, LocalFolderTree
from crawdad.adapters.workspaces import LocalWorkspaces
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.settings import Settings
from crawdad.services.agents.roster import build_roster
from crawdad.services.panel_files.areas import Areas
from crawdad.services.panel_files.cleaning import Cleaning
from crawdad.services.panel_files.files import CHANGED, DAY_SECONDS, PanelFiles
from crawdad.services.panel_files.notes import Notes
from crawdad.services.panel_files.uploads import PROGRESS, Uploads
from crawdad.services.panel_values import PanelValues
from crawdad.services.tasks import Tasks
from crawdad.store.database import open_database
from crawdad.store.key_values import KeyValues
from tests.support.fakes import FakeClock, FakeRandomness
from tests.support.waiting import PATIENCE


@dataclass
class Stage:
    """The services over a home."""

    home: Path
    clock: FakeClock
    tree: LocalFolderTree
    files: PanelFiles
    cleaning: Cleaning
    uploads: Uploads
    told: list[tuple[str, dict[str, Any]]]
    changed: asyncio.Event
    """Set when files changed."""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_database(f"sqlite:///{tmp_path / 'x.db'}") as database:
        values, clock, tree = KeyValues(database), FakeClock(), LocalFolderTree()
        told: list[tuple[str, dict[str, Any]]] = []
        changed = asyncio.Event()

        async def tell(topic: str, data: dict[str, Any]) -> None:
            told.append((topic, dict(data)))
            if topic == CHANGED:
                changed.set()

        settings = Settings.model_validate({"gateway": {"uploads": {"maxFiles": 2, "maxFileBytes": 3_000_000}}})
        areas = Areas(lambda: build_roster(settings, tmp_path), LocalWorkspaces())
        files = PanelFiles(areas, tree, LocalFileTrash(tmp_path / "bin"), Notes(values), clock, FakeRandomness(), tell)
        cleaning = Cleaning(files, tree, PanelValues(values), clock)
        uploads = Uploads(tree, files, clock, lambda: settings, tell)
        yield Stage(tmp_path, clock, tree, files, cleaning, uploads, told, changed)


def put(stage: Stage, name: str, days: float) -> str:
    path = str(stage.home / "workspace" / name)
    os.close(os.open(path, os.O_CREAT))
    at = stage.clock.time - days * DAY_SECONDS
    os.utime(path, (at, at))
    return path


async def test_it_cleans_after_the_start_and_soon_after_it_is_switched_on(stage: Stage) -> None:
    area = await stage.files.areas.find("")
    await stage.cleaning.change(area, {"autoCleanEnabled": True})
    put(stage, "old.dat", 40)
    async with Tasks() as tasks, asyncio.timeout(PATIENCE):
        tasks.start(stage.cleaning.keep_cleaning(), "cleaning")
        await stage.changed.wait()
        assert stage.clock.slept == [5.0]
        stage.changed.clear()
        put(stage, "older.dat", 50)
        await stage.cleaning.change(area, {"autoCleanDays": 45})
        await stage.changed.wait()
        assert stage.clock.slept == [5.0, 5.0]
    assert [data["paths"] for topic, data in stage.told if topic == CHANGED] == [["old.dat"], ["older.dat"]]


async def test_a_file_that_changed_since_it_was_looked_at_stays(stage: Stage) -> None:
    area = await stage.files.areas.find("")
    path = put(stage, "old.dat", 40)
    before = os.stat(path).st_mtime
    os.utime(path)
    assert await stage.tree.remove_file(area.root, "old.dat", before) is False
    assert [node.name for node in (await stage.files.listed(area, "")).nodes] == ["old.dat"]


async def test_the_trash_is_emptied_after_a_month(stage: Stage) -> None:
    area = await stage.files.areas.find("")
    put(stage, "a", 0)
    await stage.files.delete(area, ["a"])
    stage.clock.advance(29 * DAY_SECONDS)
    await stage.files.tidy()
    assert [item.path for item in await stage.files.discarded(area)] == ["a"]
    stage.clock.advance(2 * DAY_SECONDS)
    await stage.files.tidy()
    assert await stage.files.discarded(area) == []


async def test_notes_of_two_writers_do_not_undo_each_other(stage: Stage) -> None:
    notes = stage.files.notes
    await asyncio.gather(*(notes.write("main", f"f{number}", "n") for number in range(20)))
    await notes.write("main-2", "other", "n")
    assert len(await notes.all("main")) == 20
    await notes.gone("main", *(f"f{number}" for number in range(19)))
    assert await notes.all("main") == {"f19": "n"}
    assert await notes.all("main-2") == {"other": "n"}


async def test_uploads_are_bounded_and_told(stage: Stage) -> None:
    area = await stage.files.areas.find("")
    running = [stage.uploads.begin(area, f"u{number}", None) for number in range(8)]
    with pytest.raises(GatewayError) as many:
        stage.uploads.begin(area, "u9", None)
    assert many.value.kind is ErrorKind.RATE_LIMITED
    with pytest.raises(GatewayError) as twice:
        stage.uploads.begin(area, "u1", None)
    assert twice.value.kind is ErrorKind.CONFLICT
    for upload in running[1:]:
        await upload.close()
    upload = running[0]
    await upload.next_file("a.bin")
    for _ in range(2):
        stage.clock.advance(1)
        await upload.write(bytes(1 << 20))
    assert [data["received"] for topic, data in stage.told if topic == PROGRESS and data["id"] == "u0"] == [
        1 << 20,
        2 << 20,
    ]
    with pytest.raises(GatewayError) as large:
        await upload.write(bytes(1 << 20))
    assert large.value.kind is ErrorKind.TOO_LARGE
    await upload.close()
    assert stage.uploads.find("u0").state == "failed"
    assert (await stage.files.listed(area, "")).total == 0
    for wrong in ("", "a b", "x" * 65, "ü/.."):
        with pytest.raises(GatewayError):
            stage.uploads.begin(area, wrong, None)
