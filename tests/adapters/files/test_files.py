"""Files of this machine: read with care, replaced whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from crawdad.adapters.files import LocalFiles, read_environment
from crawdad.adapters.files.environment import parse_environment
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.files import MISSING
from tests.support.waiting import PATIENCE

FILES = LocalFiles()


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def refused(path: Path, within: Path | None = None) -> ErrorKind:
    with pytest.raises(GatewayError) as caught:
        await FILES.read(str(path), str(within) if within else None)
    assert str(path) in caught.value.message("en") and caught.value.message("zh")
    return caught.value.kind


async def test_a_text_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("\ufeff{}\r\n钥".encode())
    file = await FILES.read(str(tmp_path / "a"), str(tmp_path))
    assert file is not None
    assert (file.text, file.hash) == ("\ufeff{}\r\n钥", digest("\ufeff{}\r\n钥"))
    assert await FILES.read(str(tmp_path / "none")) is None
    assert await FILES.read(str(tmp_path / "a" / "below")) is None


async def test_only_ordinary_bounded_utf8_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"ok\n\xff")
    (tmp_path / "large").write_bytes(b" " * ((4 << 20) + 1))
    os.mkfifo(tmp_path / "fifo")
    assert await refused(tmp_path / "bytes") is ErrorKind.BAD_REQUEST
    assert await refused(tmp_path / "large") is ErrorKind.TOO_LARGE
    assert await asyncio.wait_for(refused(tmp_path / "fifo"), PATIENCE) is ErrorKind.BAD_REQUEST
    assert await refused(tmp_path) is ErrorKind.BAD_REQUEST
    assert await refused(Path("/dev/zero")) is ErrorKind.BAD_REQUEST


async def test_a_folder_is_not_left_whatever_the_way(tmp_path: Path) -> None:
    folder, outside = tmp_path / "in", tmp_path / "in-not"
    folder.mkdir()
    outside.mkdir()
    (outside / "secret").write_text("{}")
    (folder / "link").symlink_to(outside / "secret")
    (folder / "sub").symlink_to(outside)
    (folder / "up").symlink_to("../in-not/secret")
    (folder / "loop").symlink_to("loop")
    for name in ("../in-not/secret", "link", "sub/secret", "up", "../in-not/nothing", "/etc/hostname"):
        assert await refused(folder / name, folder) is ErrorKind.FORBIDDEN
    with pytest.raises(GatewayError):
        await FILES.read(str(folder / "loop"), str(folder))
    (folder / "file").write_text("{}")
    (folder / "inside").symlink_to("file")
    (tmp_path / "alias").symlink_to(folder)
    for path in (folder / "inside", tmp_path / "alias" / "file"):
        assert await FILES.read(str(path), str(tmp_path / "alias")) is not None


async def test_a_file_is_replaced_and_private(tmp_path: Path) -> None:
    path = tmp_path / "home" / "openclaw.json"
    new_hash = await FILES.replace(str(path), "one", MISSING)
    assert (path.read_text(), new_hash, mode(path), mode(path.parent)) == ("one", digest("one"), 0o600, 0o700)
    path.chmod(0o644)
    await FILES.replace(str(path), "two", digest("one"))
    assert (path.read_text(), mode(path)) == ("two", 0o600)
    assert os.listdir(path.parent) == ["openclaw.json"]


async def test_a_file_changed_in_the_meantime_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("theirs")
    for base_hash in (digest("ours"), MISSING):
        with pytest.raises(GatewayError) as caught:
            await FILES.replace(str(path), "new", base_hash, backup="old")
        assert caught.value.kind is ErrorKind.CONFLICT
    path.unlink()
    with pytest.raises(GatewayError):
        await FILES.replace(str(path), "new", digest("theirs"))
    assert os.listdir(tmp_path) == []


async def test_of_many_writers_with_one_hash_one_wins(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("base")
    tries = [FILES.replace(str(path), f"writer {n}", digest("base"), backup="base") for n in range(10)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [isinstance(result, str) for result in results].count(True) == 1
    assert digest(path.read_text()) in results
    assert sorted(os.listdir(tmp_path)) == ["a", "a.bak"]


async def test_five_backups_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("0")
    for number in range(1, 9):
        await FILES.replace(str(path), str(number), digest(str(number - 1)), backup=str(number - 1))
    assert sorted(os.listdir(tmp_path)) == ["a", "a.bak", "a.bak.1", "a.bak.2", "a.bak.3", "a.bak.4"]
    assert [file.text for file in await FILES.backups(str(path))] == ["7", "6", "5", "4", "3"]
    assert {mode(tmp_path / name) for name in os.listdir(tmp_path)} == {0o600}


async def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target = tmp_path / "dotfiles" / "crawdad.json5"
    target.parent.mkdir()
    target.write_text("old")
    link = tmp_path / "openclaw.json"
    link.symlink_to("dotfiles/crawdad.json5")
    await FILES.replace(str(link), "new", digest("old"), backup="old")
    assert link.is_symlink() and target.read_text() == "new"
    assert sorted(os.listdir(tmp_path)) == ["dotfiles", "openclaw.json", "openclaw.json.bak"]
    assert os.listdir(target.parent) == ["crawdad.json5"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
async def test_the_owner_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    os.chown(path, 12345, 23456)
    await FILES.replace(str(path), "new", digest("old"))
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)


async def test_what_the_system_refuses_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    (tmp_path / "a").write_text("a file, not a folder")
    with pytest.raises(GatewayError) as caught:
        await FILES.replace(str(path), "new", MISSING)
    assert str(path) in caught.value.message("zh")


async def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("crawdad.adapters.files.replacing.os.fsync", full)
    with pytest.raises(GatewayError) as caught:
        await FILES.replace(str(path), "new", digest("old"))
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["a"]


KILLED = """
import os, signal, sys
from crawdad.adapters.files import replacing
def die(*arguments, **names): os.kill(os.getpid(), signal.SIGKILL)
setattr(replacing.os, sys.argv[2], die)
replacing.replace_text(sys.argv[1], "new", sys.argv[3], "old")
"""


@pytest.mark.parametrize("step", ["fchmod", "fsync", "replace"])
async def test_a_writer_that_is_killed_leaves_a_whole_file(tmp_path: Path, step: str) -> None:
    path = tmp_path / "openclaw.json"
    path.write_text("old")
    source = Path(__file__).parents[3] / "src"
    command = [sys.executable, "-c", KILLED, str(path), step, digest("old")]
    done = await asyncio.to_thread(subprocess.run, command, env={"PYTHONPATH": str(source)}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    await FILES.replace(str(path), "newer", digest("old"), backup="old")
    assert path.read_text() == "newer"
    assert sorted(os.listdir(tmp_path)) == ["openclaw.json", "openclaw.json.bak"]  # nothing is left lying about


def test_env_files_are_read_as_people_write_them() -> None:
    text = """\ufeff
# comment
PLAIN=value
export EXPORTED = spaced \t
DOUBLE="a \\"quoted\\" text\\n# not a comment" # a comment
SINGLE='$raw \\n'  # a comment
HASH=a#b # comment
EMPTY=
ONLY= # comment
not a line
1BAD=x
PLAIN_AGAIN=1=2
"""
    assert parse_environment(text) == {
        "PLAIN": "value",
        "EXPORTED": "spaced",
        "DOUBLE": 'a "quoted" text\n# not a comment',
        "SINGLE": "$raw \\n",
        "HASH": "a#b",
        "EMPTY": "",
        "ONLY": "",
        "PLAIN_AGAIN": "1=2",
    }


async def test_the_process_goes_before_the_folder_before_the_home(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "folder"
    home.mkdir()
    folder.mkdir()
    (home / ".env").write_text("A=home\nB=home\nC=home\n")
    (folder / ".env").write_text("A=folder\nB=folder\n")
    assert await read_environment(str(home), str(folder), {"A": "process"}) == {
        "A": "process",
        "B": "folder",
        "C": "home",
    }
    assert await read_environment(str(tmp_path), str(tmp_path), {}) == {}
