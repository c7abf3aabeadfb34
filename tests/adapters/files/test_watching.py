"""Changes are noticed however they are made, and nothing else is."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from crawdad.adapters.files import watching
from crawdad.adapters.files.local import LocalFiles
from tests.support.waiting import PATIENCE


class Watch:
    """A watcher that is looking already, and how to wait for its next item."""

    def __init__(self, items: AsyncGenerator[None, None]) -> None:
        self._items = items

    async def next(self) -> None:
        await asyncio.wait_for(anext(self._items), PATIENCE)


@asynccontextmanager
async def watched(*paths: Path, polling: bool = False) -> AsyncIterator[Watch]:
    items = LocalFiles(polling).watch(lambda: [str(path) for path in paths])
    watch = Watch(items)
    await watch.next()  # the item that comes at once
    try:
        yield watch
    finally:
        await items.aclose()


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often of its own accord, so that a change made before the system was listening is not waited for long."""
    monkeypatch.setattr(watching, "_LOOK_MILLISECONDS", 500)
    monkeypatch.setattr(watching, "_POLL_MILLISECONDS", 100)


def in_place(path: Path) -> None:
    path.write_text("changed in place")


def by_rename(path: Path) -> None:
    (path.parent / "temporary").write_text("replaced")
    os.replace(path.parent / "temporary", path)


def delete_and_make(path: Path) -> None:
    path.unlink()
    path.write_text("made again")


def delete(path: Path) -> None:
    path.unlink()


async def change(watch: Watch, act: Callable[[], None]) -> None:
    """Change something, and wait for the item that tells of it."""
    await asyncio.to_thread(act)
    await watch.next()


@pytest.mark.parametrize("polling", [False, True])
@pytest.mark.parametrize("act", [in_place, by_rename, delete_and_make, delete])
async def test_a_change_is_noticed(tmp_path: Path, act: Callable[[Path], None], polling: bool) -> None:
    path = tmp_path / "openclaw.json"
    path.write_text("old")
    async with watched(path, polling=polling) as watch:
        await change(watch, lambda: act(path))
        if not path.exists():
            await change(watch, lambda: in_place(path))


async def test_a_file_that_is_not_there_yet_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "later" / "openclaw.json"
    async with watched(path) as watch:

        def make() -> None:
            path.parent.mkdir()
            path.write_text("new")

        await change(watch, make)
        await change(watch, lambda: in_place(path))


async def test_switched_links_are_noticed(tmp_path: Path) -> None:
    """As a mounted ConfigMap is updated: the link to the folder is replaced, no file is."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "openclaw.json").write_text("same")
    (tmp_path / "data").symlink_to("one")
    path = tmp_path / "openclaw.json"
    path.symlink_to("data/openclaw.json")

    def switch() -> None:
        (tmp_path / "fresh").symlink_to("two")
        os.replace(tmp_path / "fresh", tmp_path / "data")

    async with watched(path) as watch:
        await change(watch, switch)
        await change(watch, lambda: in_place(tmp_path / "two" / "openclaw.json"))


async def test_other_files_in_the_folder_wake_nobody(tmp_path: Path) -> None:
    path = tmp_path / "openclaw.json"
    path.write_text("old")
    async with watched(path) as watch:
        waiting = asyncio.ensure_future(watch.next())  # noqa: TID251 (the test owns it)
        for number in range(20):
            (tmp_path / "crawdad.db-wal").write_text(str(number))
            await asyncio.to_thread(os.sync)
        assert not waiting.done()
        in_place(path)
        await waiting


async def test_included_files_are_watched_once_they_are_known(tmp_path: Path) -> None:
    paths = [tmp_path / "openclaw.json"]
    included = tmp_path / "parts" / "models.json5"
    included.parent.mkdir()
    for path in (*paths, included):
        path.write_text("{}")
    items = LocalFiles().watch(lambda: [str(path) for path in paths])
    watch = Watch(items)
    await watch.next()
    await change(watch, lambda: in_place(paths[0]))
    paths.append(included)
    await watch.next()  # a new file to watch counts as a change
    await change(watch, lambda: in_place(included))
    await items.aclose()


async def test_without_notification_it_polls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import watchfiles

    path = tmp_path / "openclaw.json"
    path.write_text("old")
    real, asked = watchfiles.awatch, []

    def awatch(*paths: str, force_polling: bool | None, **options: object) -> AsyncGenerator[object, None]:
        asked.append(force_polling)
        if not force_polling:
            raise OSError(28, "inotify watch limit reached")
        return real(*paths, force_polling=True, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(watchfiles, "awatch", awatch)
    async with watched(path) as watch:
        await change(watch, lambda: in_place(path))
    assert asked == [None, True]
