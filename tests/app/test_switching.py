"""Putting new things in place: killed at any step it ends with all of the old or all of the new, never with some of each."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from crawdad.app import switching
from crawdad.app.record import EventLog, read_events
from crawdad.app.switching import Journal, Move
from crawdad.app.trial import Trial

OLD = {"database": "old", "log": "old log", "folder/file": "old file"}
NEW = {"database": "new", "folder/file": "new file", "fresh": "new thing"}


class Killed(BaseException):
    """What a kill looks like to the code under test: nothing catches it."""


def make(home: Path) -> None:
    """A home with old things, and the new ones staged."""
    (home / "folder").mkdir(parents=True)
    for name, text in OLD.items():
        (home / name).write_text(text)
    staged = home / "staged"
    (staged / "folder").mkdir(parents=True)
    for name, text in NEW.items():
        (staged / name).write_text(text)
    moves = [
        Move(str(home / "guarded"), "", str(home / "aside-guarded"), guard=True),
        Move(str(home / "database"), str(staged / "database"), str(home / "aside-database")),
        Move(str(home / "log"), "", str(home / "aside-log")),
        Move(str(home / "folder"), str(staged / "folder"), str(home / "aside-folder")),
        Move(str(home / "fresh"), str(staged / "fresh"), str(home / "aside-fresh")),
    ]
    (home / "guarded").write_text("guarded")
    switching.prepare(home, "s1", "restore", moves, {"backup": "b"})


def things(home: Path) -> dict[str, str]:
    """What stands in the places now."""
    names = ("database", "log", "folder/file", "fresh")
    return {name: (home / name).read_text() for name in names if (home / name).exists()}


def killing(monkeypatch: pytest.MonkeyPatch, step: int) -> Callable[[], int]:
    """Die at the `step`-th change of the file system; how many there were."""
    count = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            if count == step:
                raise Killed
            return real(*arguments, **options)

        return call

    for module, name in ((os, "rename"), (os, "replace"), (os, "unlink"), (os, "fsync"), (shutil, "copyfile")):
        monkeypatch.setattr(module, name, counted(getattr(module, name)))
    monkeypatch.setattr(shutil, "rmtree", counted(shutil.rmtree))
    return lambda: count


def steps_of(tmp_path: Path, prepare: Callable[[Path], None], work: Callable[[Path], object]) -> int:
    home = tmp_path / "count"
    prepare(home)
    with pytest.MonkeyPatch.context() as patch:
        total = killing(patch, -1)
        work(home)
        return total()


def test_what_is_prepared_is_put_in_place_and_kept(tmp_path: Path) -> None:
    make(tmp_path)
    assert things(tmp_path) == OLD and switching.is_waiting(tmp_path)
    done = switching.begin(tmp_path)
    assert done is not None and done[0] == "applied" and done[1].detail == {"backup": "b"}
    assert things(tmp_path) == NEW
    kept = switching.keep(tmp_path)
    assert kept is not None and switching.read(tmp_path) is None
    assert switching.last(tmp_path) == kept and kept.state == "kept"
    assert not list(tmp_path.glob("aside*")) and (tmp_path / "guarded").read_text() == "guarded"


def test_what_does_not_work_is_undone_and_what_was_guarded_comes_back(tmp_path: Path) -> None:
    make(tmp_path)
    switching.begin(tmp_path)
    (tmp_path / "guarded").write_text("migrated")
    (tmp_path / "log").write_text("of the new one")
    undone = switching.undo(tmp_path, "it crashed")
    assert undone is not None and undone.reason == "it crashed"
    assert things(tmp_path) == OLD and (tmp_path / "guarded").read_text() == "guarded"
    assert (tmp_path / "aside-guarded.undone").read_text() == "migrated"
    assert switching.read(tmp_path) is None


def test_two_starts_that_come_to_nothing_undo_it(tmp_path: Path) -> None:
    make(tmp_path)
    states = [done[0] if (done := switching.begin(tmp_path)) else None for _ in range(4)]
    assert states == ["applied", "trial", "undone", None] and things(tmp_path) == OLD


def test_killed_at_any_step_of_putting_in_place(tmp_path: Path) -> None:
    total = steps_of(tmp_path, make, switching.begin)
    assert total > 10
    for step in range(1, total + 1):
        home = tmp_path / f"apply{step}"
        make(home)
        with pytest.MonkeyPatch.context() as patch:
            killing(patch, step)
            with pytest.raises(Killed):
                switching.begin(home)
        done = switching.begin(home)
        assert done is not None and done[0] in ("applied", "trial") and things(home) == NEW, step
        switching.undo(home, "not good")
        assert things(home) == OLD, step


def applied(home: Path) -> None:
    make(home)
    switching.begin(home)
    (home / "guarded").write_text("migrated")


def test_killed_at_any_step_of_undoing(tmp_path: Path) -> None:
    total = steps_of(tmp_path, applied, lambda home: switching.undo(home, "why"))
    for step in range(1, total + 1):
        home = tmp_path / f"undo{step}"
        applied(home)
        with pytest.MonkeyPatch.context() as patch:
            killing(patch, step)
            with pytest.raises(Killed):
                switching.undo(home, "why")
        if switching.undo(home, "why") is None:
            switching.begin(home)
        assert things(home) == OLD and (home / "guarded").read_text() == "guarded", step
        assert switching.read(home) is None


def test_killed_at_any_step_of_keeping(tmp_path: Path) -> None:
    total = steps_of(tmp_path, applied, switching.keep)
    for step in range(1, total + 1):
        home = tmp_path / f"keep{step}"
        applied(home)
        with pytest.MonkeyPatch.context() as patch:
            killing(patch, step)
            with pytest.raises(Killed):
                switching.keep(home)
        switching.keep(home) or switching.begin(home)
        assert things(home) == NEW, step
        assert switching.read(home) is None or switching.keep(home)


def test_a_disk_that_says_no_leaves_the_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path)
    real, count = os.rename, 0

    def full(source: str, target: str) -> None:
        nonlocal count
        count += 1
        if count == 4:
            raise OSError(28, "No space left on device", target)
        real(source, target)

    monkeypatch.setattr(os, "rename", full)
    done = switching.begin(tmp_path)
    assert done is not None and done[0] == "undone" and "No space left" in done[1].reason
    assert things(tmp_path) == OLD


def test_a_disk_that_does_not_take_the_word_that_it_begins_leaves_all_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path)
    real, count = os.replace, 0

    def full_for_a_moment(source: str, target: str) -> None:
        nonlocal count
        count += 1
        if count == 1:
            raise OSError(28, "No space left on device", target)
        real(source, target)

    monkeypatch.setattr(os, "replace", full_for_a_moment)
    log = EventLog(tmp_path / "log.jsonl")
    assert Trial(tmp_path, log).begin(), "an application can start with what is there"
    assert things(tmp_path) == OLD and (tmp_path / "guarded").read_text() == "guarded"
    assert switching.is_waiting(tmp_path)
    assert Trial(tmp_path, log).begin() and things(tmp_path) == NEW
    assert [event["event"] for event in read_events(log.path)] == ["switch_failed", "switch_applied"]


def test_of_two_that_are_prepared_at_once_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes (a command, the gateway) that both have seen that none is under way."""
    ready = threading.Barrier(2)
    real = switching.read

    def read(home: Path) -> Journal | None:
        found = real(home)
        with suppress(threading.BrokenBarrierError):
            ready.wait(0.3)
        return found

    monkeypatch.setattr(switching, "read", read)
    refused = []

    def prepare(name: str) -> None:
        try:
            switching.prepare(tmp_path, name, "restore", (), {})
        except FileExistsError:
            refused.append(name)

    both = [threading.Thread(target=prepare, args=(name,)) for name in ("s1", "s2")]
    for each in both:
        each.start()
    for each in both:
        each.join()
    journal = real(tmp_path)
    assert journal is not None and refused == [{"s1": "s2", "s2": "s1"}[journal.id]]


def test_nothing_moves_while_an_application_runs(tmp_path: Path) -> None:
    make(tmp_path)
    lock = switching.share(tmp_path)
    with pytest.raises(switching.InUse):
        switching.begin(tmp_path)
    assert things(tmp_path) == OLD
    fcntl.flock(lock, fcntl.LOCK_UN)
    os.close(lock)
    assert switching.begin(tmp_path) is not None


def test_one_switch_at_a_time_and_it_can_be_withdrawn(tmp_path: Path) -> None:
    make(tmp_path)
    with pytest.raises(FileExistsError):
        switching.prepare(tmp_path, "s2", "update", [], {})
    assert switching.withdraw(tmp_path) and not switching.withdraw(tmp_path)
    assert switching.begin(tmp_path) is None and things(tmp_path) == OLD


def test_a_link_is_replaced_as_a_link(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    os.symlink("1.0", tmp_path / "versions" / "current")
    os.symlink("2.0", tmp_path / "versions" / "next")
    target = str(tmp_path / "versions" / "current")
    move = Move(target, str(tmp_path / "versions" / "next"), f"{target}.before")
    switching.prepare(tmp_path, "s", "update", [move], {})
    switching.begin(tmp_path)
    assert os.readlink(target) == "2.0"
    switching.undo(tmp_path, "no")
    assert os.readlink(target) == "1.0"


def test_a_journal_is_what_it_was(tmp_path: Path) -> None:
    journal = Journal("i", "restore", "prepared", (Move("a", "b", "c", True, True, True),), {"x": 1}, 1, "r")
    switching._write(tmp_path, journal)
    assert switching.read(tmp_path) == journal
