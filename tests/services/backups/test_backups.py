"""Backups of an installation: what they hold, what they cost, what they never hold."""

from __future__ import annotations

import asyncio
import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from crawdad.adapters.own_disk import OwnDisk
from crawdad.app import switching
from crawdad.app.launch import Launch
from crawdad.app.operations import open_backups
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.tasks import Words, rendered
from crawdad.services.configuration import commands
from tests.services.backups.home import SECRET, every_byte, make_home, remember
from tests.support.fakes import FakeClock


async def test_a_full_backup_holds_everything_and_no_secret_in_clear(tmp_path: Path) -> None:
    launch = make_home(tmp_path / "home")
    await remember(launch, "one")
    async with open_backups(launch) as kept:
        backup = await kept.backups.create("full", "manual")
        manifest = await kept.backups.read(backup.id)
    places = {f"{entry.root}/{entry.path}" for entry in manifest.entries}
    assert places == {
        *("config/openclaw.json", "home/.env", "cron/jobs.json", "database/crawdad.db"),
        *("workspace:main/SOUL.md", "workspace:main/notes/day.md", "tree:skills/tea/SKILL.md"),
        "tree:identity/device.json",
    }
    assert backup.parts == ("config", "cron", "database", "workspaces", "keys") and backup.valid
    assert SECRET.encode() not in every_byte(launch.home / "backups")
    key = (launch.home / "secret.key").read_bytes().strip()
    assert key not in every_byte(launch.home / "backups")
    for path in (launch.home / "backups").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


async def test_what_has_not_changed_costs_nothing(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    await remember(launch, "one")
    (launch.home / "workspace" / "big.bin").write_bytes(os.urandom(3_000_000))
    async with open_backups(launch) as kept:
        await kept.backups.create("full", "manual")
        before = {path: path.stat().st_mtime_ns for path in (launch.home / "backups" / "blobs").rglob("*")}
        (launch.home / "workspace" / "SOUL.md").write_text("another soul")
        second = await kept.backups.create("full", "manual")
        fresh = [
            path for path in (launch.home / "backups" / "blobs").rglob("*") if path.is_file() and path not in before
        ]
        assert sum(path.stat().st_size for path in fresh) < 300_000
        assert not (await kept.backups.verify(second.id)).faults


async def test_the_configuration_is_kept_once_until_it_changes(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    async with open_backups(launch) as kept:
        first = await kept.backups.note_configuration()
        assert first is not None and await kept.backups.note_configuration() is None
        await commands.set_value(kept.backups.ground.source, "gateway.port", "4000")
        second = await kept.backups.note_configuration()
        assert second is not None and second.id > first.id
        comparison = await kept.backups.compare(first.id, second.id)
    assert '-    "port": 0' in comparison.diff and '+    "port": 4000' in comparison.diff
    assert SECRET not in comparison.diff and "enc:v1" not in comparison.diff


async def test_a_changed_secret_is_told_without_being_shown(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    async with open_backups(launch) as kept:
        first = await kept.backups.create("configuration", "manual")
        same = await kept.backups.compare(first.id, None)
        assert same.is_same
        await commands.set_value(kept.backups.ground.source, "models.providers.openai.apiKey", "sk-other-9876543210")
        changed = await kept.backups.compare(first.id, None)
    assert changed.secrets_differ and not changed.diff


async def test_a_broken_configuration_is_kept_encrypted_and_never_the_last_good(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    async with open_backups(launch) as kept:
        good = await kept.backups.note_configuration()
    (launch.home / "openclaw.json").write_text(f'{{"models": {{"apiKey": "{SECRET}"')
    async with open_backups(launch) as kept:
        broken = await kept.backups.note_configuration()
        assert good is not None and broken is not None and not broken.valid
        found = await kept.backups.last_good_configuration()
        assert found is not None and found.id == good.id
    assert SECRET.encode() not in every_byte(launch.home / "backups")


async def test_damage_is_found(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    await remember(launch, "one")
    async with open_backups(launch) as kept:
        backup = await kept.backups.create("full", "manual")
        manifest = await kept.backups.read(backup.id)
        soul = next(entry for entry in manifest.entries if entry.path == "SOUL.md")
        blob = launch.home / "backups" / "blobs" / soul.blobs[0][:2] / soul.blobs[0]
        blob.write_bytes(b"rlies")
        day = next(entry for entry in manifest.entries if entry.path == "notes/day.md")
        (launch.home / "backups" / "blobs" / day.blobs[0][:2] / day.blobs[0]).unlink()
        verified = await kept.backups.verify(backup.id)
        assert {fault.path for fault in verified.faults} == {"workspace:main/SOUL.md", "workspace:main/notes/day.md"}
        path = launch.home / "backups" / "manifests" / f"{backup.id}.jsonl"
        path.write_bytes(path.read_bytes().replace(b"SOUL.md", b"SOUL.xx"))
        with pytest.raises(GatewayError) as refused:
            await kept.backups.read(backup.id)
        assert refused.value.kind is ErrorKind.INTERNAL


async def test_another_key_is_told(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    async with open_backups(launch) as kept:
        backup = await kept.backups.create("configuration", "manual")
        assert not (await kept.backups.verify(backup.id)).faults
    (launch.home / "secret.key").write_text("another key that is long enough\n")
    async with open_backups(launch) as kept:
        verified = await kept.backups.verify(backup.id)
    assert [fault.path for fault in verified.faults] == [""]


async def test_names_deletion_and_what_is_left(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    async with open_backups(launch) as kept:
        first = await kept.backups.create("full", "manual")
        second = await kept.backups.create("full", "manual")
        assert (await kept.backups.find("latest")).id == second.id
        for bad in ("", "../x", "nothing", "20"):
            with pytest.raises(GatewayError):
                await kept.backups.find(bad)
        await kept.backups.delete([first.id])
        assert [backup.id for backup in await kept.backups.listed()] == [second.id]
        assert not (await kept.backups.verify(second.id)).faults
        freed = await kept.backups.delete([second.id])
        assert freed > 0 and not any(path.is_file() for path in (launch.home / "backups" / "blobs").rglob("*"))


async def test_a_workspace_that_holds_the_home_is_left_out_and_told(tmp_path: Path) -> None:
    launch = make_home(tmp_path / "home", agents={"defaults": {"workspace": str(tmp_path)}})
    async with open_backups(launch) as kept:
        manifest = await kept.backups.read((await kept.backups.create("full", "manual")).id)
    assert manifest.backup.skipped == 1 and str(tmp_path) in manifest.skipped
    assert not [entry for entry in manifest.entries if entry.root.startswith("workspace:")]


async def test_links_fifos_and_names_that_are_no_text(tmp_path: Path) -> None:
    launch = make_home(tmp_path / "home")
    workspace = launch.home / "workspace"
    os.symlink("SOUL.md", workspace / "inside")
    os.symlink("/etc/passwd", workspace / "outside")
    os.symlink("notes/../../.env", workspace / "climbing")
    os.mkfifo(workspace / "pipe")
    (workspace / os.fsdecode(b"bad\xff")).write_text("x")
    async with open_backups(launch) as kept:
        manifest = await kept.backups.read((await kept.backups.create("full", "manual")).id)
    links = {entry.path: entry.link for entry in manifest.entries if entry.link}
    assert links == {"inside": "SOUL.md"} and manifest.backup.skipped == 4


async def test_snapshots_are_made_at_their_times_and_once(tmp_path: Path) -> None:
    launch = make_home(tmp_path, backup={"schedule": "0 3 * * *", "timezone": "UTC"})
    async with open_backups(launch) as kept:
        backups = kept.backups
        clock = FakeClock(1_800_000_000.0)  # 2027-01-15 08:00 UTC
        backups.ground = replace(backups.ground, clock=clock)
        assert not await backups._is_due()
        clock.time = 1_800_068_400.0 + 20  # 03:00:20 of the day after
        assert await backups._is_due()
        made = await backups.create("full", "schedule")
        assert not await backups._is_due() and made.id == "2027-01-16T03-00-20-000Z"
        clock.advance(86_400 * 3)
        assert await backups._is_due(), "one that was missed is made late"


async def test_a_clock_that_ran_ahead_does_not_keep_snapshots_from_being_made(tmp_path: Path) -> None:
    launch = make_home(tmp_path, backup={"schedule": "0 3 * * *", "timezone": "UTC"})
    async with open_backups(launch) as kept:
        backups, clock = kept.backups, FakeClock(1_900_000_000.0)
        backups.ground = replace(backups.ground, clock=clock)
        await backups.create("full", "schedule")
        clock.time = 1_800_068_400.0 + 20  # 2027-01-16 03:00:20 UTC, set right
        assert await backups._is_due()
        await backups.create("full", "schedule")
        assert not await backups._is_due()
        clock.advance(86_400)
        assert await backups._is_due()


async def test_a_machine_that_is_never_on_at_the_time_has_snapshots_too(tmp_path: Path) -> None:
    launch = make_home(tmp_path, backup={"schedule": "0 3 * * *", "timezone": "UTC"})
    async with open_backups(launch) as kept:
        backups, clock = kept.backups, FakeClock(1_800_000_000.0)  # 2027-01-15 08:00 UTC
        backups.ground = replace(backups.ground, clock=clock)
        await backups.note_configuration()
        assert not await backups._is_due()
        clock.advance(86_400)
        assert await backups._is_due(), "it was off at three"
        await backups.create("full", "schedule")
        assert not await backups._is_due()


class Enough(BaseException):
    """The test has seen enough of what goes on for ever."""


async def test_the_first_that_is_written_makes_a_home_that_nobody_else_reads(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with open_backups(Launch(home, home / "openclaw.json", {"PATH": "/usr/bin:/bin"})) as kept:
        assert (await kept.backups.listed(), home.exists()) == ([], False)
        await kept.backups.create("full", "manual")
    assert home.stat().st_mode & 0o777 == 0o700


async def test_a_snapshot_that_fails_is_told_and_tried_again_ever_later_and_the_looking_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock(FakeClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            if len(self.slept) == 10:
                raise Enough

    def full(**_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    launch = make_home(tmp_path, backup={"schedule": "* * * * *"})
    told: list[Words] = []

    async def failed(reason: Words) -> None:
        told.append(reason)

    async with open_backups(launch) as kept:
        backups = kept.backups
        clock = Clock(1_800_000_000.0)
        backups.ground, backups.failed = replace(backups.ground, clock=clock), failed
        monkeypatch.setattr("crawdad.services.backups.service.tempfile.mkdtemp", full)
        with pytest.raises(Enough):
            await backups.keep_making()
        assert clock.slept == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]
        assert len(told) == 10 and "No space left" in (rendered(told[0], "en") or "")
        assert rendered(told[0], "en") != rendered(told[0], "zh")
        monkeypatch.undo()
        clock.slept.clear()
        with pytest.raises(Enough):
            await backups.keep_making()
        assert clock.slept == [60.0] * 10 and len(told) == 10
        assert len([backup for backup in await backups.listed() if backup.kind == "full"]) > 1


async def test_of_two_processes_that_see_a_snapshot_due_one_makes_it(tmp_path: Path) -> None:
    launch = make_home(tmp_path, backup={"schedule": "0 3 * * *", "timezone": "UTC"})
    async with open_backups(launch) as one, open_backups(launch) as other:
        for kept in (one, other):
            kept.backups.ground = replace(kept.backups.ground, clock=FakeClock(1_800_068_420.0))
        await one.backups.create("configuration", "manual")
        await asyncio.gather(one.backups.make_due(), other.backups.make_due())
        assert [backup.kind for backup in await one.backups.listed()].count("full") == 1


async def test_what_a_backup_is_made_of_stays_while_it_is_made_however_full_the_disk(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    disk = OwnDisk(launch.home)
    copy = launch.home / "backups" / "making" / "backup-x" / "crawdad.db"
    async with open_backups(launch) as kept:
        async with kept.backups._held():
            copy.parent.mkdir(parents=True)
            copy.write_bytes(b"half of it")
            await disk.free()
            assert copy.exists()
        await disk.free()
        assert not copy.exists(), "whoever made it is gone"


async def test_what_a_killed_restore_had_laid_out_gives_way_where_the_disk_is_full(tmp_path: Path) -> None:
    home = make_home(tmp_path).home
    old, young = home / ".crawdad.db.01.new", home / ".crawdad.db.02.new"
    for folder in (old, young):
        folder.mkdir()
        (folder / "crawdad.db").write_bytes(b"x" * 100_000)
    os.utime(old, (0, 0))
    switching.prepare(home, "01", "restore", [], {})
    assert await OwnDisk(home).free() == (0, 0) and old.exists()
    switching.withdraw(home)
    size, files = await OwnDisk(home).free()
    assert size >= 100_000 and files == 1 and not old.exists() and young.exists()


async def test_a_server_keeps_its_own_database(tmp_path: Path) -> None:
    launch = make_home(tmp_path)
    async with open_backups(launch) as kept:
        kept.backups.ground = replace(kept.backups.ground, database_path=None)
        backup = await kept.backups.create("full", "manual")
        assert backup.database == "postgresql" and "database" not in backup.parts
        with pytest.raises(GatewayError):
            await kept.restores.rehearse(backup.id, ("database",))


async def test_a_schedule_that_is_none_is_told(tmp_path: Path) -> None:
    launch = make_home(tmp_path, backup={"schedule": "whenever"})
    async with open_backups(launch) as kept:
        loaded = await kept.backups.ground.source.load()
    assert [problem.path for problem in loaded.problems if problem.is_error] == ["backup.schedule"]
