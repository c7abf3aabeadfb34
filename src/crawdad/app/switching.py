"""Puts new things in the place of old ones while no application runs, by renaming, with a journal: a restored database, another
version. Standard library only.

`switch/journal.json` in the home directory says what is to be done and how far it is; everything here can be killed at any
point and called again:

    rows       as prepared, but what belongs to it is being written into a database: until that is done nothing else is
    prepared   the new things lie beside the old ones; nothing has been touched
    applying   things are being renamed; whoever starts next goes on with it before anything else
    trial      all is in place; the application has yet to show that it works with it
    undoing    it did not: the old things are being put back
    kept       it did: the old things are being removed

What was done last stays in `switch/last.json`. Only who holds `application.lock` alone renames; applications share it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

TRIALS = 2
"""How often an application may begin to start in a trial before the old things come back."""
NOT_SERVED = {"key": "switch.not_served", "values": {}}
"""The reason where nobody knows a better one."""


class InUse(Exception):
    """An application runs: nothing can be put into its place."""


class Move(NamedTuple):
    """`target` gives way to `staged`, which lies in the same file system, and lies at `aside` until the end. Without `staged`
    it just goes; with `guard` it stays, and is copied to `aside` to be put back should it come to that. With `keep` it stays at
    `aside` for good."""

    target: str
    staged: str
    aside: str
    guard: bool = False
    keep: bool = False
    had: bool = False


class Journal(NamedTuple):
    """A switch. `detail` is for whoever tells of it. `reason`: words as `core.tasks.words_out` makes them, for every reader in
    their language, or a text of the system's as it came."""

    id: str
    purpose: str
    state: str
    moves: tuple[Move, ...]
    detail: dict[str, Any]
    attempts: int = 0
    reason: Any = ""


def read(home: Path) -> Journal | None:
    """The switch under way."""
    return _read(_folder(home) / "journal.json")


def last(home: Path) -> Journal | None:
    """The switch that ended last: `kept` or `undone`, with the reason."""
    return _read(_folder(home) / "last.json")


def is_waiting(home: Path) -> bool:
    """Whether a switch is prepared that needs the application to stop."""
    journal = read(home)
    return journal is not None and journal.state == "prepared"


def prepare(
    home: Path, switch_id: str, purpose: str, moves: Sequence[Move], detail: Mapping[str, Any], *, rows: bool = False
) -> None:
    """Write down a switch: from here on it will be done, with `rows` from `rows_written` on. Raises `FileExistsError` where
    another is under way, whoever else prepares one at this moment."""
    journal = Journal(switch_id, purpose, "rows" if rows else "prepared", tuple(moves), dict(detail))
    with _preparing(home):
        if read(home) is not None:
            raise FileExistsError(_folder(home) / "journal.json")
        _write(home, journal)


def hold_rows(home: Path) -> int | None:
    """The right to write what belongs to a switch into a database, until the descriptor is closed or this process ends. None:
    another one has it."""
    folder = _folder(home)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / "rows.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def rows_written(home: Path) -> None:
    """What belongs to the switch stands in the database: now the rest of it will be done."""
    with _preparing(home):
        journal = read(home)
        if journal is not None and journal.state == "rows":
            _write(home, journal._replace(state="prepared"))


def withdraw(home: Path) -> bool:
    """Forget a switch that is prepared, with what was staged for it. False: there is none, or it has begun."""
    if read(home) is None:
        return False
    with _preparing(home):
        journal = read(home)
        if journal is None or journal.state not in ("rows", "prepared"):
            return False
        (_folder(home) / "journal.json").unlink()
        _flush(_folder(home))
    for path in (*(move.staged for move in journal.moves), *journal.detail.get("leftovers", ())):
        _remove(path)
    return True


def give_up(home: Path, reason: Any) -> Journal | None:
    """End a switch whose rows nobody can ask for: nothing of it has been put in place, and nothing will be. What was staged
    goes; it is told as undone. Only for whoever holds the rows (`hold_rows`)."""
    if read(home) is None:
        return None
    with _preparing(home):
        journal = read(home)
        if journal is None or journal.state != "rows":
            return None
        for move in journal.moves:
            _remove(move.staged)
        return _end(home, journal._replace(state="undone", reason=reason))


def begin(home: Path, *, starting: bool = True) -> tuple[str, Journal] | None:
    """Goes on with the switch under way, while no application runs. What was done (`applied`, `trial`, `undone`, `kept`) with
    the switch; None: nothing was to be done. `starting`: an application is started next, which counts as an attempt. Raises
    `InUse`."""
    if read(home) is None:
        return None
    with _alone(home):
        with _preparing(home):
            journal = read(home)
            if journal is not None and journal.state == "prepared":
                journal = _with_had(home, journal)  # from here on it cannot be withdrawn
        if journal is None or journal.state == "rows":
            return None
        if journal.state == "applying":
            try:
                return "applied", _apply(home, journal, attempts=int(starting))
            except OSError as error:  # a full disk, a place that cannot be renamed: back to how it was
                begun = read(home) or journal
                return "undone", _undo(home, begun._replace(reason=f"{error.strerror}: {error.filename}"))
        if journal.state == "trial" and not starting:
            return None
        if journal.state == "trial" and journal.attempts < TRIALS:
            journal = journal._replace(attempts=journal.attempts + 1)
            _write(home, journal)
            return "trial", journal
        if journal.state == "kept":
            return "kept", _keep(home, journal)
        reason = journal.reason or NOT_SERVED
        return "undone", _undo(home, journal._replace(reason=reason))


def keep(home: Path) -> Journal | None:
    """The application works: what was before is not needed any more. Takes no lock: nothing in use is touched."""
    journal = read(home)
    if journal is None or journal.state != "trial":
        return None
    return _keep(home, journal)


def undo(home: Path, reason: Any) -> Journal | None:
    """The application does not work: put back what was before. Raises `InUse`."""
    journal = read(home)
    if journal is None or journal.state not in ("trial", "undoing"):
        return None
    with _alone(home):
        return _undo(home, journal._replace(reason=reason))


def share(home: Path) -> int:
    """Hold the lock of applications until this process ends: its descriptor. Waits for a switch to end."""
    descriptor = os.open(home / "application.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def _with_had(home: Path, journal: Journal) -> Journal:
    moves = tuple(move._replace(had=os.path.lexists(move.target)) for move in journal.moves)
    journal = journal._replace(state="applying", moves=moves)
    _write(home, journal)
    return journal


def _apply(home: Path, journal: Journal, attempts: int) -> Journal:
    for move in journal.moves:
        if move.had and not os.path.lexists(move.aside):
            if move.guard:
                _copy(move.target, move.aside)
            else:
                _rename(move.target, move.aside)
        if move.staged and os.path.lexists(move.staged):
            _rename(move.staged, move.target)
    journal = journal._replace(state="trial", attempts=attempts)
    _write(home, journal)
    return journal


def _undo(home: Path, journal: Journal) -> Journal:
    journal = journal._replace(state="undoing")
    _write(home, journal)
    for move in reversed(journal.moves):
        if not move.had:
            if not (move.staged and os.path.lexists(move.staged)):  # else it never took the place
                _remove(move.target)
        elif os.path.lexists(move.aside):
            if os.path.lexists(move.target):
                # A guarded thing may hold what was acknowledged meanwhile: it is kept for people.
                _rename(move.target, f"{move.aside}.undone") if move.guard else _remove(move.target)
            _rename(move.aside, move.target)
    for move in journal.moves:
        _remove(move.staged)
    return _end(home, journal._replace(state="undone"))


def _keep(home: Path, journal: Journal) -> Journal:
    journal = journal._replace(state="kept")
    _write(home, journal)
    for move in journal.moves:
        if not move.keep:
            _remove(move.aside)
        _remove(move.staged)
    return _end(home, journal)


def _end(home: Path, journal: Journal) -> Journal:
    folder = _folder(home)
    for path in journal.detail.get("leftovers", ()):
        _remove(path)
    _put(folder / "last.json", journal)
    (folder / "journal.json").unlink(missing_ok=True)
    _flush(folder)
    return journal


def _folder(home: Path) -> Path:
    return home / "switch"


def _read(path: Path) -> Journal | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        value["moves"] = tuple(Move(**move) for move in value["moves"])
        return Journal(**value)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):
        return None  # it is renamed into place whole: what cannot be read is no journal of ours


def _write(home: Path, journal: Journal) -> None:
    folder = _folder(home)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _put(folder / "journal.json", journal)


def _put(path: Path, journal: Journal) -> None:
    value = {**journal._asdict(), "moves": [move._asdict() for move in journal.moves]}
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(json.dumps(value, indent=1).encode())
        file.flush()
        os.fsync(descriptor)
    os.replace(fresh, path)
    _flush(path.parent)


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    descriptor = os.open(home / "application.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InUse from None
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _preparing(home: Path) -> Iterator[None]:
    """Between reading that there is a switch, or none, and writing that, nobody else does. Waits for them: it takes no time."""
    folder = _folder(home)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / "journal.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _rename(source: str, target: str) -> None:
    os.rename(source, target)
    for folder in {os.path.dirname(source), os.path.dirname(target)}:
        _flush(Path(folder))


def _copy(source: str, target: str) -> None:
    fresh = f"{target}.new"
    shutil.copyfile(source, fresh)
    os.chmod(fresh, 0o600)
    descriptor = os.open(fresh, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    _rename(fresh, target)


def _remove(path: str) -> None:
    if path and os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    elif path:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
