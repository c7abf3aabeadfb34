"""Backups of what PostgreSQL holds: out of one moment, put back in one transaction, and into a database of another kind."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from crawdad.adapters.system import SystemClock
from crawdad.app import switching
from crawdad.app.doctor import installation
from crawdad.app.doctor.finding import Patient, Verdict
from crawdad.app.launch import Launch
from crawdad.app.operations import Kept, open_backups
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.healing import Cause
from crawdad.core.sessions import NewLogEvent, SessionEntry, SessionFilter
from crawdad.core.tasks import Words, rendered
from crawdad.core.text import Language, Text
from crawdad.services.backups.restoring import PATIENCE_SECONDS
from crawdad.store.changes import Changes
from crawdad.store.database import Database, open_database
from crawdad.store.key_values import KeyValues
from crawdad.store.migrations import HEAD
from crawdad.store.server_copying import RESTORED, load_server
from crawdad.store.session_search import SessionSearch
from crawdad.store.sessions import SessionStore
from tests.app.processes import ROOT
from tests.services.backups.home import make_home
from tests.store.samples import MORNING
from tests.support.services import EMPTY, postgres_url
from tests.support.waiting import until_so

__all__ = ["postgres_url"]
pytestmark = pytest.mark.postgres
LANGUAGES: tuple[Language, ...] = ("en", "zh")


@pytest.fixture
async def server(postgres_url: str) -> AsyncIterator[Database]:
    """An open PostgreSQL database with empty tables."""
    async with open_database(postgres_url) as opened:
        async with opened.write() as connection:
            await connection.execute(text(EMPTY))
        yield opened


def launch_with(home: Launch, url: str) -> Launch:
    return home._replace(environment={**home.environment, "CRAWDAD_DATABASE_URL": url})


async def say(database: Database, name: str, words: str) -> None:
    """A session in which that was said."""
    store = SessionStore(database)
    entry = SessionEntry(
        key=f"agent:main:{name}",
        session_id=f"log-{name}",
        agent_id="main",
        kind="other",
        created_at=MORNING,
        updated_at=MORNING,
        active_at=MORNING,
    )
    assert await store.add(entry)
    message = {"message": {"role": "user", "content": [{"type": "text", "text": words}]}}
    await store.append(entry, [NewLogEvent("message", message, "run-1", words)], MORNING)


async def found(database: Database, words: str) -> list[str]:
    page = await SessionSearch(database).page(SessionFilter(search=words), 10, None)
    return [entry.key for entry in page.entries]


async def test_everything_comes_back_into_the_server_and_can_be_undone(
    tmp_path: Path, postgres_url: str, server: Database
) -> None:
    launch = launch_with(make_home(tmp_path), postgres_url)
    await say(server, "one", "a kettle of tea")
    await KeyValues(server).put("test.value", "标题 🦞")
    async with open_backups(launch) as kept:
        backup = await kept.backups.create("full", "manual")
        assert "database" in backup.parts and backup.database == "postgresql"
        assert (await kept.backups.verify(backup.id)).faults == ()
    await SessionStore(server).delete("agent:main:one", MORNING)
    await SessionStore(server).purge("agent:main:one")
    await say(server, "two", "a pot of coffee")
    await KeyValues(server).put("test.value", "other")
    (launch.home / "workspace" / "SOUL.md").write_text("changed")
    before = await Changes(server).revisions()
    async with open_backups(launch) as kept:
        rehearsal = await kept.restores.rehearse(backup.id)
        assert rehearsal.passed and "PostgreSQL" in rehearsal.replaces
        assert await found(server, "coffee")
        restored = await kept.restores.restore(backup.id)
        assert restored.performed == "done" and restored.safety is not None
    assert await found(server, "kettle") == ["agent:main:one"] and not await found(server, "coffee")
    assert await KeyValues(server).get("test.value") == "标题 🦞"
    assert (launch.home / "workspace" / "SOUL.md").read_text() == "soul"
    after = await Changes(server).revisions()
    assert after[RESTORED] > before.get(RESTORED, 0) and all(after[topic] > before[topic] for topic in before)
    await say(server, "three", "numbers go on")
    async with open_backups(launch) as kept:
        await kept.restores.restore(restored.safety.id, ("database",))
    assert await found(server, "coffee") == ["agent:main:two"] and not await found(server, "kettle")
    assert await KeyValues(server).get("test.value") == "other"


@pytest.mark.parametrize("stands", [False, True])
async def test_a_connection_lost_at_the_commit_leaves_files_and_rows_of_one_kind(
    tmp_path: Path, postgres_url: str, server: Database, monkeypatch: pytest.MonkeyPatch, stands: bool
) -> None:
    launch = launch_with(make_home(tmp_path), postgres_url)
    soul = launch.home / "workspace" / "SOUL.md"
    await KeyValues(server).put("test.value", "then")
    async with open_backups(launch) as kept:
        backup = await kept.backups.create("full", "manual")
        await KeyValues(server).put("test.value", "now")
        soul.write_text("changed")

        async def cut(*arguments: Any) -> None:
            if stands:
                await load_server(*arguments)
            raise GatewayError(ErrorKind.UNAVAILABLE, "the connection is lost")

        monkeypatch.setattr("crawdad.services.backups.rows.load_server", cut)
        if stands:
            assert (await kept.restores.restore(backup.id)).performed == "done"
        else:
            with pytest.raises(GatewayError):
                await kept.restores.restore(backup.id)
        assert await kept.switches.current() is None
    expected = ("then", "soul") if stands else ("now", "changed")
    assert (await KeyValues(server).get("test.value"), soul.read_text()) == expected


async def test_killed_while_rows_load_nothing_is_replaced_by_the_next_start(
    tmp_path: Path, postgres_url: str, server: Database
) -> None:
    launch = launch_with(make_home(tmp_path), postgres_url)
    soul = launch.home / "workspace" / "SOUL.md"
    await KeyValues(server).put("test.value", "then")
    async with open_backups(launch) as kept:
        backup = await kept.backups.create("full", "manual")
    await KeyValues(server).put("test.value", "now")
    soul.write_text("changed")
    command = [sys.executable, "-m", "crawdad.app.main", "restore", backup.id, "--home", str(launch.home)]
    variables = {**launch.environment, "PYTHONPATH": str(ROOT / "src")}
    async with server.write() as connection:
        await connection.execute(text("LOCK TABLE key_values IN ROW EXCLUSIVE MODE"))  # rows cannot give way
        process = await asyncio.create_subprocess_exec(*command, env=variables)
        try:
            await until_so(lambda: switching.read(launch.home), "the journal")
        finally:  # else it goes on with the database of the tests after this one
            process.kill()
            await process.wait()
    switching.begin(launch.home)
    async with open_backups(launch) as kept:
        assert await kept.restores.settle() is None
        assert await kept.switches.current() is None
    assert (await KeyValues(server).get("test.value"), soul.read_text()) == ("now", "changed")


async def test_what_is_undone_is_undone_with_its_rows(tmp_path: Path, postgres_url: str, server: Database) -> None:
    launch = launch_with(make_home(tmp_path), postgres_url)
    soul, values = launch.home / "workspace" / "SOUL.md", KeyValues(server)
    await values.put("test.value", "then")
    async with open_backups(launch) as kept:
        backup = await kept.backups.create("full", "manual")
        await values.put("test.value", "now")
        soul.write_text("changed")
        kept.switches.signals = False  # an application is started next
        await kept.restores.restore(backup.id)
        assert switching.begin(launch.home) is not None
        assert (await values.get("test.value"), soul.read_text()) == ("then", "soul")
        assert switching.undo(launch.home, "it did not come to serve") is not None
        await kept.restores.settle()
        assert (await values.get("test.value"), soul.read_text()) == ("now", "changed")
        await values.put("test.value", "later")
        await kept.restores.settle()
    assert await values.get("test.value") == "later", "once"


async def test_what_others_wrote_before_rows_are_taken_back_is_kept(
    tmp_path: Path, postgres_url: str, server: Database
) -> None:
    launch = launch_with(make_home(tmp_path), postgres_url)
    values, told = KeyValues(server), list[Words]()
    await values.put("test.value", "then")

    async def tell(_: Cause, words: Words) -> None:
        told.append(words)

    async with open_backups(launch) as kept:
        backup = await kept.backups.create("full", "manual")
        await values.put("test.value", "now")
        kept.switches.signals = False
        await kept.restores.restore(backup.id)
        assert switching.begin(launch.home) is not None
        await values.put("test.other", "written by another gateway meanwhile")
        assert switching.undo(launch.home, switching.NOT_SERVED) is not None
        kept.restores.told = tell
        await kept.restores.settle()
        assert (await values.get("test.value"), await values.get("test.other")) == ("now", None)
        assert isinstance(told[0], Text) and len(told) == 1
        since = str(told[0].values["kept"])
        assert all(since in told[0].render(language) for language in LANGUAGES)
        await kept.restores.restore(since, ("database",))
    assert await values.get("test.other") == "written by another gateway meanwhile"


async def cut_off(launch: Launch, kept: Kept, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A restore whose process does not know whether its rows stand, and whose database answers nobody any more."""
    soul = launch.home / "workspace" / "SOUL.md"
    backup = await kept.backups.create("full", "manual")
    soul.write_text("changed")

    async def gone(*arguments: Any) -> None:
        raise GatewayError(ErrorKind.UNAVAILABLE, "the database is gone")

    monkeypatch.setattr("crawdad.services.backups.rows.load_server", gone)
    monkeypatch.setattr("crawdad.services.backups.rows.BackupRows.are_of", gone)
    with pytest.raises(GatewayError, match="is gone"):
        await kept.restores.restore(backup.id)
    found = await kept.switches.current()
    assert found is not None and found.state == "rows"
    return soul


async def test_a_restore_whose_database_is_gone_is_given_up_by_whoever_says_so(
    tmp_path: Path, postgres_url: str, server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = launch_with(make_home(tmp_path), postgres_url)
    async with open_backups(launch) as kept:
        soul = await cut_off(launch, kept, monkeypatch)
        found = await installation.restore(Patient(launch))
        assert [(each.id, each.verdict) for each in found] == [("restore_waits", Verdict.FAIL)]
        with pytest.raises(GatewayError) as refused:
            await kept.restores.restore("latest", ("config",))
        assert all("crawdad restore --abandon" in refused.value.message(language) for language in LANGUAGES)
        journal = switching.read(launch.home)
        assert journal is not None
        staged = [move.staged for move in journal.moves if move.staged]
        ended = await kept.restores.abandon()
        assert (ended.state, await kept.switches.current()) == ("undone", None)
        assert soul.read_text() == "changed" and staged and not any(map(os.path.exists, staged))
        assert await installation.restore(Patient(launch)) == [], "whoever asks has done it"
        with pytest.raises(GatewayError) as none:
            await kept.restores.abandon()
        assert none.value.kind is ErrorKind.CONFLICT
        # What needs no database can be restored, though what was given up cannot be looked for yet.
        assert (await kept.restores.restore("latest", ("config",))).rehearsal.passed


async def test_a_restore_does_not_wait_for_ever_for_its_database(
    tmp_path: Path, postgres_url: str, server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = launch_with(make_home(tmp_path), postgres_url)
    told: list[tuple[Cause, Words]] = []

    async def tell(cause: Cause, words: Words) -> None:
        told.append((cause, words))

    async with open_backups(launch) as kept:
        soul = await cut_off(launch, kept, monkeypatch)
        kept.restores.told = tell
        with pytest.raises(GatewayError, match="is gone"):
            await kept.restores.settle()
        assert await kept.switches.current() is not None and not told
        assert not await kept.restores.under_way(), "healing goes on"
        later = kept.backups.ground.clock.now() + PATIENCE_SECONDS + 1
        monkeypatch.setattr(SystemClock, "now", lambda _: later)
        assert await kept.restores.settle() is None
        assert await kept.switches.current() is None and soul.read_text() == "changed"
    assert [cause for cause, _ in told] == ["database_away"]
    assert rendered(told[0][1], "zh") != rendered(told[0][1], "en")


async def test_what_was_under_way_is_nobodys(tmp_path: Path, postgres_url: str, server: Database) -> None:
    launch = launch_with(make_home(tmp_path), postgres_url)
    row = (
        "INSERT INTO work_tasks (id, kind, title, target, exclusive, owner, runner, status, progress, lines, "
        "lines_dropped, started_at, updated_at) VALUES (:id, 'k', '\"t\"', '', '', '', :runner, 'running', 0, '[]', 0, 1, 1)"
    )
    async with server.write() as connection:
        await connection.execute(text(row), {"id": "then", "runner": "living"})
    async with open_backups(launch) as kept:
        backup = await kept.backups.create("full", "manual")
        async with server.write() as connection:
            await connection.execute(text("DELETE FROM work_tasks"))
            await connection.execute(text(row), {"id": "now", "runner": "living"})
        await kept.restores.restore(backup.id, ("database",))
    async with server.read() as connection:
        rows = {each.id: each.runner for each in await connection.execute(text("SELECT id, runner FROM work_tasks"))}
    assert rows == {"then": "living~", "now": "living"}


async def test_a_backup_goes_into_a_database_of_the_other_kind(
    tmp_path: Path, postgres_url: str, server: Database
) -> None:
    home = make_home(tmp_path)
    file_url = f"sqlite:///{home.home / 'crawdad.db'}"
    await say(server, "one", "a kettle of tea")
    async with open_database(file_url):
        pass
    async with open_backups(launch_with(home, postgres_url)) as kept:
        of_server = await kept.backups.create("full", "manual")
    async with open_backups(home) as kept:
        await kept.restores.restore(of_server.id, ("database",))
    async with open_database(file_url) as file:
        assert await found(file, "kettle") == ["agent:main:one"]
        await say(file, "two", "a pot of coffee")
    async with open_backups(home) as kept:
        of_file = await kept.backups.create("full", "manual")
    async with open_backups(launch_with(home, postgres_url)) as kept:
        await kept.restores.restore(of_file.id, ("database",))
    assert await found(server, "coffee") == ["agent:main:two"]
    lines, _ = await SessionStore(server).view("log-two")
    assert ["a pot of coffee" in str(line.data) for line in lines] == [True]


async def test_a_backup_of_a_newer_version_is_refused_with_what_to_do(
    tmp_path: Path, postgres_url: str, server: Database
) -> None:
    home = make_home(tmp_path)
    await KeyValues(server).put("test.value", "here")
    async with open_database(f"sqlite:///{home.home / 'crawdad.db'}"):
        pass
    with sqlite3.connect(home.home / "crawdad.db") as file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
    async with open_backups(home) as kept:
        backup = await kept.backups.create("full", "manual")
    async with open_backups(launch_with(home, postgres_url)) as kept:
        with pytest.raises(GatewayError) as refused:
            await kept.restores.restore(backup.id, ("database",))
        assert not await kept.restores.under_way()
    assert refused.value.kind is ErrorKind.CONFLICT
    for language in LANGUAGES:
        words = refused.value.message(language)
        assert "9999" in words and "crawdad update run" in words and "crawdad backup list" in words
    assert await KeyValues(server).get("test.value") == "here"


async def test_a_server_of_a_newer_version_is_left_alone_and_says_what_to_do(
    tmp_path: Path, postgres_url: str, server: Database
) -> None:
    launch = launch_with(make_home(tmp_path), postgres_url)
    async with open_backups(launch) as kept:
        backup = await kept.backups.create("full", "manual")
    await set_revision(server, "9999")
    try:
        async with open_backups(launch) as kept:
            with pytest.raises(GatewayError) as refused:
                await kept.restores.restore(backup.id, ("database",))
    finally:
        await set_revision(server, HEAD)
    for language in LANGUAGES:
        assert "9999" in refused.value.message(language) and "database.url" in refused.value.message(language)


async def set_revision(database: Database, revision: str) -> None:
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": revision})


async def test_what_cannot_be_written_leaves_all_as_it_was(tmp_path: Path, postgres_url: str, server: Database) -> None:
    home = make_home(tmp_path)
    await KeyValues(server).put("test.value", "here")
    async with open_database(f"sqlite:///{home.home / 'crawdad.db'}"):
        pass
    with sqlite3.connect(home.home / "crawdad.db") as file:
        file.execute("INSERT INTO key_values (key, value) VALUES ('bad', 'a' || char(0) || 'b')")
    async with open_backups(home) as kept:
        backup = await kept.backups.create("full", "manual")
    (home.home / "workspace" / "SOUL.md").write_text("changed")
    async with open_backups(launch_with(home, postgres_url)) as kept:
        with pytest.raises(GatewayError) as refused:
            await kept.restores.restore(backup.id)
        assert refused.value.kind is ErrorKind.BAD_REQUEST and not await kept.restores.under_way()
    assert await KeyValues(server).get("test.value") == "here"
    assert (home.home / "workspace" / "SOUL.md").read_text() == "changed"
