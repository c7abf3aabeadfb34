"""Backups as single files, honest ones and hostile ones."""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import orjson
import pytest

from crawdad.app.operations import open_backups
from crawdad.core.errors import ErrorKind, GatewayError
from tests.services.backups.home import SECRET, make_home, remember

PHRASE = "a phrase that is long"


async def exported(folder: Path, phrase: str | None = None) -> Path:
    launch = make_home(folder / "from")
    await remember(launch, "one")
    target = folder / "backup.tar"
    async with open_backups(launch) as kept:
        backup = await kept.backups.create("full", "manual")
        await kept.backups.export(backup.id, str(target), phrase, "the key" if phrase else None)
    return target


async def taken(folder: Path, source: Path, phrase: str | None = None) -> str | None:
    async with open_backups(make_home(folder / "to")) as kept:
        backup, key = await kept.backups.take_in(str(source), phrase)
        assert not await kept.backups.store.verify(await kept.backups.read(backup.id), backup.parts)
        return key


async def test_there_and_back(tmp_path: Path) -> None:
    target = await exported(tmp_path)
    assert await taken(tmp_path, target) is None
    assert await taken(tmp_path, target) is None, "a second time it is the same one"
    assert target.stat().st_mode & 0o077 == 0
    with pytest.raises(GatewayError) as refused:
        async with open_backups(make_home(tmp_path / "from")) as kept:
            await kept.backups.export("latest", str(target))
    assert refused.value.kind is ErrorKind.CONFLICT


async def test_encrypted_with_the_key_inside(tmp_path: Path) -> None:
    target = await exported(tmp_path, PHRASE)
    data = target.read_bytes()
    assert b"crawdad-backup/" not in data and SECRET.encode() not in data
    assert await taken(tmp_path, target, PHRASE) == "the key"
    for phrase in (None, "another phrase, as long"):
        with pytest.raises(GatewayError) as refused:
            await taken(tmp_path, target, phrase)
        assert refused.value.details["code"] == "bad_archive"


@pytest.mark.parametrize("place", [20, 45, 5_000, -5])
async def test_what_was_changed_or_cut_does_not_open(tmp_path: Path, place: int) -> None:
    target = await exported(tmp_path, PHRASE)
    data = bytearray(target.read_bytes())
    data[place] ^= 1
    target.write_bytes(data)
    with pytest.raises(GatewayError):
        await taken(tmp_path, target, PHRASE)
    target.write_bytes(data[: len(data) // 2])
    with pytest.raises(GatewayError):
        await taken(tmp_path, target, PHRASE)


def entry(path: str, *, link: str = "", root: str = "workspace:main", blobs: tuple[str, ...] = ()) -> list[object]:
    return ["workspaces", root, path, "", 0, 0o600, list(blobs), False, link, ""]


def archive(entries: list[list[object]], members: Callable[[tarfile.TarFile], None] = lambda _: None) -> bytes:
    rest = b"".join(orjson.dumps(each) + b"\n" for each in entries)
    head = {
        **{"format": 1, "id": "2026-01-01T00-00-00-000Z", "kind": "full", "reason": "manual", "created_at": 1.0},
        **{"version": "1", "parts": ["workspaces"], "sha256": sha256(rest).hexdigest()},
    }
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        add(tar, "crawdad-backup/manifest", orjson.dumps(head) + b"\n" + rest)
        members(tar)
    return raw.getvalue()


def add(tar: tarfile.TarFile, name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "") -> None:
    member = tarfile.TarInfo(name)
    member.size, member.type, member.linkname = len(data), kind, link
    tar.addfile(member, io.BytesIO(data))


def bomb(tar: tarfile.TarFile) -> None:
    data = b"z" + zlib.compress(b"\0" * (64 << 20), 9)
    add(tar, f"crawdad-backup/blobs/{sha256(bytes(64 << 20)).hexdigest()}", data)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "no tar": lambda: b"hello",
    "empty": lambda: b"",
    "a path that leads out": lambda: archive([entry("../../etc/cron.d/x")]),
    "an absolute path": lambda: archive([entry("/etc/passwd")]),
    "a link that leads out": lambda: archive([entry("x", link="../../..")]),
    "an absolute link": lambda: archive([entry("x", link="/etc")]),
    "a path through a link": lambda: archive([entry("x", link="."), entry("x/y", link="../z")]),
    "twice the same": lambda: archive([entry("x"), entry("x")]),
    "a missing piece": lambda: archive([entry("x", blobs=("0" * 64,))]),
    "another member": lambda: archive([], lambda tar: add(tar, "../../etc/passwd", b"x")),
    "a link as a member": lambda: archive(
        [], lambda tar: add(tar, "crawdad-backup/blobs/x", kind=tarfile.SYMTYPE, link="/etc")
    ),
    "a device": lambda: archive([], lambda tar: add(tar, f"crawdad-backup/blobs/{'0' * 64}", kind=tarfile.CHRTYPE)),
    "a piece with another name": lambda: archive([], lambda tar: add(tar, f"crawdad-backup/blobs/{'0' * 64}", b"rx")),
    "a piece that is too long": lambda: archive(
        [], lambda tar: add(tar, f"crawdad-backup/blobs/{'0' * 64}", bytes(3 << 20))
    ),
    "a bomb": lambda: archive([], bomb),
    "two manifests": lambda: archive([], lambda tar: add(tar, "crawdad-backup/manifest", b"{}")),
}


def places(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if "backups" not in path.parts}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_files(tmp_path: Path, name: str) -> None:
    source = tmp_path / "hostile.tar"
    source.write_bytes(HOSTILE[name]())
    launch = make_home(tmp_path / "home")
    before = places(tmp_path)
    async with open_backups(launch) as kept:
        with pytest.raises(GatewayError) as refused:
            await kept.backups.take_in(str(source))
        assert refused.value.kind in (ErrorKind.BAD_REQUEST, ErrorKind.INTERNAL), name
        assert await kept.backups.listed() == []
    assert places(tmp_path) == before


async def test_a_place_that_is_not_ours_is_never_replaced(tmp_path: Path) -> None:
    source = tmp_path / "hostile.tar"
    launch = make_home(tmp_path / "home")
    for root in ("workspace:../../etc", "tree:../..", "tree:backups", "home", "workspace:"):
        source.write_bytes(archive([entry("x", root=root)]))
        async with open_backups(launch) as kept:
            backup, _ = await kept.backups.take_in(str(source))
            rehearsal = await kept.restores.rehearse(backup.id)
            assert not rehearsal.passed and not rehearsal.replaces, root
            await kept.backups.delete([backup.id])
