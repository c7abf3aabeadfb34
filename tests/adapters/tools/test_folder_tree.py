"""Containment under attack, and what is left behind when something fails half-way."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from crawdad.adapters.tools.folder_tree import LocalFileTrash, LocalFolderTree, receiving
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.folder_trees import Discarded, Node

SECRET = b"secret of somebody else"
STEPS = st.sampled_from(
    [
        "",
        ".",
        "..",
        "a",
        "b",
        "file",
        "in",
        "out",
        "up",
        "loop",
        "abs",
        "hard",
        "pipe",
        "x\0",
        "x" * 300,
        "中",
        "a\\b",
        "~",
        "*",
        "\udc80",
    ]
)
PATHS = st.builds(
    lambda start, steps: start + "/".join(steps), st.sampled_from(["", "", "", "/", "//"]), st.lists(STEPS, max_size=6)
)


def build(top: Path) -> tuple[str, str]:
    """A tree full of ways out, beside the folder that they lead to."""
    root, outside = top / "work", top / "work-evil"
    (root / "a" / "b").mkdir(parents=True)
    outside.mkdir()
    (outside / "file").write_bytes(SECRET)
    (root / "file").write_bytes(b"mine")
    (root / "a" / "file").write_bytes(b"mine")
    (root / "in").symlink_to("a")
    (root / "out").symlink_to(outside)
    (root / "a" / "out").symlink_to("../../work-evil")
    (root / "a" / "up").symlink_to("../..")
    (root / "up").symlink_to("..")
    (root / "loop").symlink_to("loop")
    (root / "abs").symlink_to("/")
    os.link(outside / "file", root / "hard")
    os.mkfifo(root / "pipe")
    return str(root), str(outside)


def state(folder: str) -> dict[str, bytes]:
    """The ordinary files of a folder."""
    paths = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names]
    plain = [path for path in paths if stat.S_ISREG(os.lstat(path).st_mode)]
    return {os.path.relpath(path, folder): Path(path).read_bytes() for path in plain}


@pytest.fixture
def place(tmp_path: Path) -> tuple[str, str]:
    return build(tmp_path)


async def tried(work: Awaitable[Any]) -> Any:
    """What came of it; an error of ours is one, any other fails the test."""
    try:
        return await work
    except GatewayError as error:
        return error


async def everything(tree: LocalFolderTree, bin_: LocalFileTrash, root: str, path: str, other: str) -> None:
    """Every operation with a path."""
    listed = await tried(tree.entries(root, path, 100))
    if not isinstance(listed, GatewayError):
        assert all(node.size != len(SECRET) or node.name in ("hard", "copied") for node in listed[0])
    opened = await tried(tree.open(root, path))
    if not isinstance(opened, GatewayError):
        content = await opened.read(0, 1000)
        await opened.close()
        assert content != SECRET
    seen: list[Node] = []
    await tried(tree.files(root, path, seen.append, (), 1000))
    await tried(tree.make_folder(root, path))
    await tried(tree.write(root, path, b"written", None))
    await tried(tree.copy(root, path, other))
    await tried(tree.move(root, path, other, replace=True))
    incoming = await tree.receive(root, 0)
    await incoming.write(b"received")
    await tried(incoming.keep(path, replace=True))
    await incoming.discard()
    await tried(tree.remove_file(root, path, 1e12))
    await tried(bin_.put(Discarded("1", "me", path, 0, False, 1.0), root))
    await tried(bin_.restore(Discarded("1", "me", other, 0, False, 1.0), root))
    await tried(tree.erase(root, path))


@hypothesis_settings(max_examples=60, deadline=None)
@given(path=PATHS, other=PATHS)
def test_no_path_leads_out(path: str, other: str) -> None:
    top = Path(tempfile.mkdtemp())
    try:
        root, outside = build(top)
        tree, bin_ = LocalFolderTree(), LocalFileTrash(top / "bin")
        asyncio.run(everything(tree, bin_, root, path, other))
        assert state(outside) == {"file": SECRET}
        assert sorted(os.listdir(top)) in (["work", "work-evil"], ["bin", "work", "work-evil"])
        assert os.path.isdir(root)
        assert (
            not [name for name in state(root) if ".crawdad-upload-" in name] if "pipe" not in os.listdir(root) else True
        )
    finally:
        shutil.rmtree(top)


@pytest.fixture
def swapping(place: tuple[str, str]) -> Iterator[Callable[[], int]]:
    """Somebody who all the time swaps a folder for a link that leads out, and back."""
    root, outside = place
    over, swaps = threading.Event(), [0]
    target, link, aside = f"{root}/swap", f"{root}/.link", f"{root}/.aside"
    flip = f"{root}/flip"
    os.mkdir(target)
    os.mkdir(f"{root}/inside")
    os.symlink("inside", flip)
    Path(target, "file").write_bytes(b"mine")

    def swap() -> None:
        while not over.is_set():
            os.symlink(outside, link)
            os.rename(target, aside)
            os.rename(link, target)
            os.unlink(target)
            os.rename(aside, target)
            for way in ("inside", outside):
                os.symlink(way, link)
                os.rename(link, flip)
            swaps[0] += 1

    thread = threading.Thread(target=swap)
    thread.start()
    yield lambda: swaps[0]
    over.set()
    thread.join()


async def test_a_folder_that_is_swapped_for_a_link_leads_nowhere(
    place: tuple[str, str], swapping: Callable[[], int]
) -> None:
    root, outside = place
    tree, read = LocalFolderTree(), 0
    for number in range(300):
        opened = await tried(tree.open(root, "swap/file"))
        if not isinstance(opened, GatewayError):
            read += await opened.read(0, 100) == b"mine"
            assert await opened.read(0, 100) != SECRET
            await opened.close()
        await tried(tree.make_folder(root, f"swap/made{number}"))
        incoming = await tree.receive(root, 0)
        await tried(incoming.keep(f"flip/put{number}", replace=bool(number % 2)))
        await tried(tree.move(root, f"flip/put{number}", f"swap/moved{number}", replace=True))
        await tried(tree.erase(root, f"swap/made{number}"))
        await tried(tree.remove_file(root, "swap/other", 1e12))
    assert swapping() > 0
    assert read > 0
    assert state(outside) == {"file": SECRET}


async def test_files_without_a_nameless_place_leave_nothing_either(
    place: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "_nameless", lambda root: None)
    root, _ = place
    tree = LocalFolderTree()
    incoming = await tree.receive(root, 0)
    await incoming.write(b"half")
    assert len([name for name in os.listdir(root) if name.startswith(".crawdad-upload-")]) == 1
    assert ".crawdad" not in str([node.name for node in (await tree.entries(root, "", 100))[0]])
    await tree.sweep(root, 1.0)
    assert len([name for name in os.listdir(root) if name.startswith(".crawdad-upload-")]) == 1  # it is young
    await incoming.discard()
    whole = await tree.receive(root, 0)
    await whole.write(b"whole")
    assert (await whole.keep("a/kept", replace=False)).size == 5
    assert state(root)["a/kept"] == b"whole"
    os.close(os.open(f"{root}/a/.crawdad-upload-left.tmp", os.O_CREAT))
    await tree.sweep(root, 1e12)
    assert ".crawdad-upload-" not in " ".join([*os.listdir(root), *os.listdir(f"{root}/a")])


async def test_a_file_crosses_to_another_disk_by_way_of_a_copy(
    place: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, "another disk")

    root, _ = place
    incoming = await LocalFolderTree().receive(root, 0)
    await incoming.write(b"content")
    monkeypatch.setattr(os, "link", refuse)
    await incoming.keep("a/file", replace=True)
    assert state(f"{root}/a")["file"] == b"content"
    assert ".crawdad-upload-" not in " ".join(os.listdir(f"{root}/a"))


async def test_a_disk_without_room_is_told_before(place: tuple[str, str]) -> None:
    with pytest.raises(GatewayError) as caught:
        await LocalFolderTree().receive(place[0], 1 << 62)
    assert (caught.value.kind, caught.value.details["code"]) == (ErrorKind.UNAVAILABLE, "disk_full")


async def test_the_trash_crosses_disks_and_forgets_what_never_came(
    place: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, _ = place
    bin_ = LocalFileTrash(tmp_path / "bin")
    before = state(f"{root}/a")

    def carry(source: str, target: str, **_: int) -> None:
        raise OSError(errno.EXDEV, "another disk")

    monkeypatch.setattr(os, "rename", carry)
    item = Discarded("1", "me", "a", 0, False, 5.0)
    await bin_.put(item, root)
    assert "a" not in os.listdir(root)
    (found,) = await bin_.items("me")
    assert (found.id, found.path, found.is_folder, found.at) == ("1", "a", True, 5.0)
    assert await bin_.items("you") == []
    await bin_.restore(found, root)
    assert state(f"{root}/a") == before
    assert os.readlink(f"{root}/a/up") == "../.."
    monkeypatch.undo()
    (tmp_path / "bin" / "2").mkdir()
    (tmp_path / "bin" / "2" / "about.json").write_text("{}")
    await bin_.put(Discarded("3", "me", "a", 0, False, 9.0), root)
    assert [each.id for each in await bin_.items("me")] == ["3"]
    (tmp_path / "bin" / "unknown" / "item").mkdir(parents=True)
    await bin_.purge(8.0)
    assert sorted(os.listdir(tmp_path / "bin")) == ["2", "3", "unknown"]
    await bin_.purge(1e12)
    assert os.listdir(tmp_path / "bin") == ["unknown"]


async def test_a_failed_move_to_the_trash_loses_nothing(
    place: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, _ = place
    before = state(f"{root}/a")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "rename", lambda *_, **__: (_ for _ in ()).throw(OSError(errno.EXDEV, "another disk")))
    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(GatewayError) as caught:
        await LocalFileTrash(tmp_path / "bin").put(Discarded("1", "me", "a", 0, False, 5.0), root)
    monkeypatch.undo()
    assert caught.value.details["code"] == "disk_full"
    assert state(f"{root}/a") == before
    assert os.listdir(tmp_path / "bin") == []


async def test_the_whole_machine_is_not_shown() -> None:
    with pytest.raises(GatewayError) as caught:
        await LocalFolderTree().entries("/", "", 10)
    assert caught.value.kind is ErrorKind.FORBIDDEN


async def test_large_folders_are_looked_at_in_part_and_that_is_told(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number}").touch()
    tree = LocalFolderTree()
    seen: list[Node] = []
    nodes, complete = await tree.entries(str(tmp_path), "", 10)
    assert (len(nodes), complete) == (10, False)
    assert await tree.files(str(tmp_path), "", seen.append, (), 10) is False
    assert len(seen) == 10
    assert await tree.files(str(tmp_path), "", seen.append, (), 100) is True


async def test_what_the_system_says_is_told_as_what_it_is(place: tuple[str, str]) -> None:
    root, _ = place
    tree = LocalFolderTree()
    for work, code in (
        (tree.make_folder(root, "a"), "exists"),
        (tree.make_folder(root, "none/x"), "no_folder"),
        (tree.make_folder(root, "a/" + "x" * 300), "bad_path"),
        (tree.make_folder(root, "out/x"), "outside"),
        (tree.copy(root, "a", "file"), "exists"),
        (tree.move(root, "none", "x", replace=False), "no_file"),
        (tree.erase(root, ""), "root"),
        (tree.open(root, "pipe"), "special"),
        (tree.open(root, "hard"), "special"),
    ):
        found = await tried(work)
        assert isinstance(found, GatewayError)
        assert found.details["code"] == code
