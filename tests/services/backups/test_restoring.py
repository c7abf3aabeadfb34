"""Restores: rehearsed, whole, undone by restoring the backup that was made before."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from pathlib import Path

import orjson
import pytest

from crawdad import __version__
from crawdad.app import switching
from crawdad.app.operations import open_backups
from crawdad.app.switches import LocalSwitches
from crawdad.core.backups import PARTS, Part
from crawdad.core.cron import Every, Job, JobFilter, SystemEvent
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Language, Text
from crawdad.services.backups.rehearsal import Step
from crawdad.services.backups.rows import BackupRows
from crawdad.store.migrations import HEAD
from crawdad.store.schedule import ScheduleStore
from tests.services.backups.home import SECRET, make_home, remember, remembered

LANGUAGES: tuple[Language, ...] = ("en", "zh")


def job(job_id: str) -> Job:
    return Job(job_id, job_id, Every(60_000, 0), SystemEvent("tea"), 1, 1, owner="key-1", depth=1, parent_id="p")


async def test_everything_comes_back_and_can_be_undone(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    workspace = launch.home / "workspace"
    await remember(launch, "one")
    async with open_backups(launch) as kept:
        backup = await kept.backups.create("full", "manual")
    await remember(launch, "two")
    (workspace / "SOUL.md").write_text("changed")
    (workspace / "later.md").write_text("later")
    (launch.home / "openclaw.json").write_text('{"gateway": {"port": 1}}')
    (launch.home / ".env").write_text("OTHER=1\n")
    async with open_backups(launch) as kept:
        restored = await kept.restores.restore(backup.id)
    assert restored.performed == "done" and restored.rehearsal.passed and restored.safety is not None
    assert await remembered(launch) == "one"
    assert (workspace / "SOUL.md").read_text() == "soul" and not (workspace / "later.md").exists()
    assert (launch.home / ".env").read_text() == f"EXTRA_TOKEN={SECRET}\n"
    assert SECRET in (launch.home / "identity" / "device.json").read_text()
    async with open_backups(launch) as kept:
        assert kept.backups.ground.settings().models.providers["openai"].api_key.reveal() == SECRET  # type: ignore[union-attr]
        assert kept.backups.ground.settings().gateway.port == 0
        await kept.restores.restore(restored.safety.id)
    assert await remembered(launch) == "two" and (workspace / "later.md").read_text() == "later"
    assert orjson.loads((launch.home / "openclaw.json").read_bytes()) == {"gateway": {"port": 1}}
    assert not [path.name for path in launch.home.iterdir() if path.name.endswith((".new", ".old"))]


async def test_a_rehearsal_replaces_nothing(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    await remember(launch, "one")
    async with open_backups(launch) as kept:
        backup = await kept.backups.create("full", "manual")
        await remember(launch, "two")
        before = sorted(str(path) for path in launch.home.iterdir())
        rehearsal = await kept.restores.rehearse(backup.id)
        assert rehearsal.passed and str(launch.home / "crawdad.db") in rehearsal.replaces
        names = [step.name for step in rehearsal.steps]
        assert names == ["contents", "key", "configuration", "migration", "workspaces"]
        assert len(await kept.backups.listed()) == 1
        assert sorted(str(path) for path in launch.home.iterdir()) == before
    assert await remembered(launch) == "two" and switching.read(launch.home) is None


@pytest.mark.parametrize("parts", [("config",), ("workspaces",), ("database",)])
async def test_only_some_of_it(tmp_path: Path, parts: tuple[Part, ...]) -> None:
    launch = make_home(tmp_path)
    await remember(launch, "one")
    async with open_backups(launch) as kept:
        backup = await kept.backups.create("full", "manual")
    await remember(launch, "two")
    (launch.home / "workspace" / "SOUL.md").write_text("changed")
    (launch.home / "openclaw.json").write_text('{"gateway": {"port": 1}}')
    async with open_backups(launch) as kept:
        await kept.restores.restore(backup.id, parts)
    found = {
        "database": await remembered(launch) == "one",
        "workspaces": (launch.home / "workspace" / "SOUL.md").read_text() == "soul",
        "config": b'"port": 0' in (launch.home / "openclaw.json").read_bytes(),
    }
    assert found == {part: part in parts for part in found}


async def test_cron_jobs_come_back_with_all_that_is_known_of_them(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    await remember(launch, "one")
    async with open_backups(launch) as kept:
        assert kept.database is not None
        store = ScheduleStore(kept.database)
        await store.create(job("tea"), 10, JobFilter())
        backup = await kept.backups.create("configuration", "manual")
        await store.delete("tea")
        await store.create(job("coffee"), 10, JobFilter())
        restored = await kept.restores.restore(backup.id, ("cron",))
        assert restored.performed == "done"
        found = await store.page(JobFilter(), 10, 0)
    assert [(each.id, each.owner, each.depth, each.parent_id) for each in found] == [("tea", "key-1", 1, "p")]


async def test_jobs_are_back_before_this_process_makes_way_and_if_they_cannot_be_nothing_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = make_home(tmp_path)
    await remember(launch, "one")
    async with open_backups(launch) as kept:
        assert kept.database is not None
        store = ScheduleStore(kept.database)
        await store.create(job("tea"), 10, JobFilter())
        backup = await kept.backups.create("full", "manual")
        await store.delete("tea")
        (launch.home / "workspace" / "SOUL.md").write_text("another soul")
        seen: list[list[str]] = []

        async def perform() -> str:
            seen.append([each.id for each in await store.page(JobFilter(), 10, 0)])
            await kept.switches.withdraw()
            return "restarting"

        async def away(*_: object) -> None:
            raise GatewayError(ErrorKind.UNAVAILABLE, "the database is away")

        monkeypatch.setattr(kept.switches, "perform", perform)
        with monkeypatch.context() as patch, pytest.raises(GatewayError):
            patch.setattr(ScheduleStore, "replace_all", away)
            await kept.restores.restore(backup.id, ("cron", "workspaces"))
        assert seen == [] and not await kept.restores.under_way()
        await kept.restores.restore(backup.id, ("cron", "workspaces"))
        assert seen == [["tea"]]


class Killed(BaseException):
    """What a kill looks like to the code under test."""


async def never(*_: object) -> bool:
    raise Killed


@pytest.mark.parametrize("written", [False, True])
async def test_killed_while_jobs_are_put_back_all_of_it_or_nothing_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    launch, soul = make_home(tmp_path), tmp_path / "workspace" / "SOUL.md"
    await remember(launch, "one")
    async with open_backups(launch) as kept:
        assert kept.database is not None
        store = ScheduleStore(kept.database)
        await store.create(job("tea"), 10, JobFilter())
        backup = await kept.backups.create("full", "manual")
        await store.delete("tea")
        soul.write_text("another soul")
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(BackupRows, "are_of", never)
            patch.setattr(
                LocalSwitches if written else ScheduleStore, "rows_written" if written else "replace_all", never
            )
            await kept.restores.restore(backup.id, ("cron", "workspaces"))
        async with open_backups(launch) as other:
            if written:
                assert await other.restores.settle() is None, "who writes them lives"
                await kept.switches.leave_rows()
            assert switching.begin(launch.home) is None and soul.read_text() == "another soul"
            assert await other.restores.settle() == ("done" if written else None)
        assert await kept.switches.current() is None
        assert [each.id for each in await store.page(JobFilter(), 10, 0)] == (["tea"] if written else [])
        assert soul.read_text() == ("soul" if written else "another soul")
        await kept.restores.restore(backup.id, ("cron", "workspaces"))
        assert soul.read_text() == "soul"


async def test_a_disk_that_is_full_when_the_rows_stand_puts_the_rest_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch, soul = make_home(tmp_path), tmp_path / "workspace" / "SOUL.md"
    await remember(launch, "one")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with open_backups(launch) as kept:
        backup = await kept.backups.create("full", "manual")
        soul.write_text("another soul")
        with monkeypatch.context() as patch, pytest.raises(GatewayError) as refused:
            patch.setattr(switching, "rows_written", full)
            await kept.restores.restore(backup.id, ("cron", "workspaces"))
        assert "No space left" in refused.value.message() and soul.read_text() == "another soul"
        assert await kept.restores.settle() == "done" and soul.read_text() == "soul"


async def test_what_is_undone_is_undone_with_its_rows(tmp_path: Path) -> None:
    launch, soul = make_home(tmp_path), tmp_path / "workspace" / "SOUL.md"
    await remember(launch, "one")
    async with open_backups(launch) as kept:
        assert kept.database is not None
        store = ScheduleStore(kept.database)
        await store.create(job("tea"), 10, JobFilter())
        backup = await kept.backups.create("full", "manual")
        await store.delete("tea")
        await store.create(job("coffee"), 10, JobFilter())
        soul.write_text("another soul")
        kept.switches.signals = False  # an application is started next
        await kept.restores.restore(backup.id, ("cron", "workspaces"))
        assert switching.begin(launch.home) is not None and soul.read_text() == "soul"
        assert switching.undo(launch.home, "it did not come to serve") is not None
        for _ in range(2):
            assert await kept.restores.settle() is None
            assert [each.id for each in await store.page(JobFilter(), 10, 0)] == ["coffee"]
            assert soul.read_text() == "another soul"
        await store.create(job("milk"), 10, JobFilter())
        await kept.restores.settle()
        assert len(await store.page(JobFilter(), 10, 0)) == 2, "once"


async def test_nothing_is_replaced_where_the_rehearsal_fails(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    await remember(launch, "one")
    (launch.home / "openclaw.json").write_text('{"gateway": {"port": "a word"}}')
    async with open_backups(launch) as kept:
        backup = await kept.backups.create("full", "manual")
    (launch.home / "openclaw.json").write_text('{"gateway": {"port": 1}}')
    await remember(launch, "two")
    async with open_backups(launch) as kept:
        with pytest.raises(GatewayError) as refused:
            await kept.restores.restore(backup.id, PARTS)
        assert refused.value.kind is ErrorKind.CONFLICT and refused.value.details["step"] == "configuration"
        assert len(await kept.backups.listed()) == 1
    assert await remembered(launch) == "two"


async def test_a_database_of_somebody_else_is_not_used(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    await remember(launch, "one")
    hostile = sqlite3.connect(launch.home / "crawdad.db")
    hostile.execute("CREATE TRIGGER evil AFTER INSERT ON key_values BEGIN UPDATE api_keys SET permissions = 'all'; END")
    hostile.commit()
    hostile.close()
    async with open_backups(launch) as kept:
        backup = await kept.backups.create("full", "manual")
        rehearsal = await kept.restores.rehearse(backup.id, ("database",))
    problem = next(step.problem for step in rehearsal.steps if step.name == "migration")
    assert problem is not None and "evil" in str(problem.render() if not isinstance(problem, str) else problem)


async def test_a_backup_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    await remember(launch, "one")
    newer = sqlite3.connect(launch.home / "crawdad.db")
    newer.execute("UPDATE alembic_version SET version_num = '9999'")
    newer.commit()
    newer.close()
    async with open_backups(launch) as kept:
        assert kept.database is None
        backup = await kept.backups.create("full", "manual")
        rehearsal = await kept.restores.rehearse(backup.id, ("database",))
        with pytest.raises(GatewayError) as refused:
            await kept.restores.restore(backup.id, ("database",))
    (problem,) = [step.problem for step in rehearsal.steps if step.problem is not None]
    assert isinstance(problem, Text) and rehearsal.steps[-1] == Step("migration", problem)
    for language in LANGUAGES:
        for words in (problem.render(language), refused.value.message(language)):
            assert all(
                part in words for part in ("9999", __version__, HEAD, "crawdad update run", "crawdad backup list")
            )


async def test_a_damaged_database_gives_way_and_stays_beside(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    await remember(launch, "one")
    async with open_backups(launch) as kept:
        backup = await kept.backups.create("full", "manual")
    for path in launch.home.glob("crawdad.db*"):
        path.unlink()
    (launch.home / "crawdad.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 8000)
    async with open_backups(launch) as kept:
        await kept.restores.restore(backup.id, ("database",))
    assert await remembered(launch) == "one"
    assert [path for path in launch.home.glob(".crawdad.db.*.old") if b"\xff" * 100 in path.read_bytes()]


async def test_a_running_application_keeps_what_it_has_until_it_ends(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    await remember(launch, "one")
    async with open_backups(launch) as kept:
        backup = await kept.backups.create("full", "manual")
        await remember(launch, "two")
        lock = switching.share(launch.home)
        restored = await kept.restores.restore(backup.id, ("database",))
        assert restored.performed == "waiting" and await remembered(launch) == "two"
        with pytest.raises(GatewayError) as refused:
            await kept.restores.restore(backup.id, ("database",))
        assert refused.value.details["code"] == "switch_under_way"
    import os

    os.close(lock)
    switching.begin(launch.home)
    assert await remembered(launch) == "one"


async def test_it_moves_to_another_machine_with_its_key(tmp_path: Path) -> None:
    launch = make_home(tmp_path / "old")
    await remember(launch, "one")
    archive, phrase = str(tmp_path / "all.backup"), "a phrase that is long"
    async with open_backups(launch) as kept:
        backup = await kept.backups.create("full", "manual")
        key = (launch.home / "secret.key").read_text()
        await kept.backups.export(backup.id, archive, phrase, key)
    new = make_home(tmp_path / "new")
    shutil.rmtree(new.home)
    new.home.mkdir()
    async with open_backups(new) as kept:
        taken, found = await kept.backups.take_in(archive, phrase)
        assert found == key and not (await kept.restores.rehearse(taken.id)).passed
        (new.home / "secret.key").write_text(found or "")
    async with open_backups(new) as kept:
        await kept.restores.restore(taken.id)
    assert await remembered(new) == "one"
    assert (new.home / "workspace" / "notes" / "day.md").read_text() == "a day"
    async with open_backups(new) as kept:
        assert kept.backups.ground.settings().models.providers["openai"].api_key.reveal() == SECRET  # type: ignore[union-attr]
