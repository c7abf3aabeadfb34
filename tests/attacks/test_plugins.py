"""Attacks 48, 53 and 58 on plugins: archives that lead out, hide code or would run it, and what plugins must not see."""

from __future__ import annotations

import io
import json
import os
import stat
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from crawdad.core.errors import ErrorKind
from tests.services.plugins.test_installing import Shop, fault, files, shop, wheel, written  # noqa: F401
from tests.services.skills.test_installing import tarred, zipped

GOOD = files()


def link(info: tarfile.TarInfo) -> None:
    if info.name == "evil":
        info.type, info.linkname, info.size = tarfile.SYMTYPE, "/etc/passwd", 0


def hard_link(info: tarfile.TarInfo) -> None:
    if info.name == "evil":
        info.type, info.linkname, info.size = tarfile.LNKTYPE, "hello.py", 0


def device(info: tarfile.TarInfo) -> None:
    if info.name == "evil":
        info.type, info.size = tarfile.CHRTYPE, 0


def privileged(info: tarfile.TarInfo) -> None:
    if info.name == "evil":
        info.mode = 0o4755


def zip_link(info: zipfile.ZipInfo) -> None:
    if info.filename == "evil":
        info.external_attr = (stat.S_IFLNK | 0o777) << 16


def zip_privileged(info: zipfile.ZipInfo) -> None:
    if info.filename == "evil":
        info.external_attr = (stat.S_IFREG | 0o6755) << 16


EVIL = {**GOOD, "evil": b"x"}
ARCHIVES = {
    "leads out": zipped({**GOOD, "../evil.py": b"x"}),
    "leads out, tar": tarred({**GOOD, "../../evil.py": b"x"}),
    "absolute": tarred({**GOOD, "/tmp/evil.py": b"x"}),
    "backslash": zipped({**GOOD, "..\\evil.py": b"x"}),
    "drive": zipped({**GOOD, "C:/evil.py": b"x"}),
    "link": tarred(EVIL, link),
    "hard link": tarred(EVIL, hard_link),
    "device": tarred(EVIL, device),
    "zip link": zipped(EVIL, zip_link),
    "setuid": tarred(EVIL, privileged),
    "setuid, zip": zipped(EVIL, zip_privileged),
    "pth": zipped({**GOOD, "evil.pth": b"import os; os.system('id')\n"}),
    "pth below": zipped({**GOOD, "deep/down/EVIL.PTH": b"import os\n"}),
    "bytecode": zipped({**GOOD, "evil.pyc": b"\0"}),
    "site": zipped({**GOOD, "sitecustomize.py": b""}),
    "two of a name": zipped({**GOOD, "Hello.py": b""}),
    "too large": zipped({**GOOD, "big": b"\0" * 300_000}),
    "too many": zipped({**GOOD, **{f"f{number}": b"" for number in range(100)}}),
    "no manifest": zipped({"hello.py": b""}),
    "a foreign manifest": zipped({"openclaw.plugin.json": b"{}"}),
    "garbage": os.urandom(1000),
}


@pytest.mark.parametrize("name", ARCHIVES)
async def test_unfair_archives_are_refused(shop: Shop, tmp_path: Path, name: str) -> None:  # noqa: F811
    archive = tmp_path / "archive"
    archive.write_bytes(ARCHIVES[name])
    error = await fault(shop.look(archive))
    assert error.kind is ErrorKind.BAD_REQUEST
    assert not shop.root.exists() or not list(shop.root.iterdir()), "nothing is left behind"
    assert not (tmp_path / "evil.py").exists() and not (tmp_path.parent / "evil.py").exists()


async def test_links_in_a_folder_are_refused(shop: Shop, tmp_path: Path) -> None:  # noqa: F811
    folder = written(tmp_path / "source", GOOD)
    (folder / "evil").symlink_to("/etc/passwd")
    assert (await fault(shop.look(folder))).kind is ErrorKind.BAD_REQUEST


async def test_nothing_runs_when_it_is_installed(shop: Shop, tmp_path: Path) -> None:  # noqa: F811
    mark = tmp_path / "ran"
    run = f"open({str(mark)!r}, 'w')\n".encode()
    content = {**GOOD, "hello.py": run, "setup.py": run, "conftest.py": run, "__init__.py": run, "build.sh": b"touch x"}
    folder = Path(await shop.installer.install(await shop.look(written(tmp_path / "source", content))))
    assert (folder / "setup.py").exists() and not mark.exists()


@pytest.mark.parametrize("path", ["evil.data/scripts/evil", "evil.data/purelib/evil.pth", "hello_plugin/evil.pth"])
async def test_wheels_stay_in_their_folder(shop: Shop, path: str) -> None:  # noqa: F811
    shop.index.wheels["hello-plugin==1.0"] = {"a.whl": wheel(more={path: b"import os\n"})}
    assert (await fault(shop.look("pypi:hello-plugin==1.0"))).kind is ErrorKind.BAD_REQUEST


async def test_a_wheel_with_two_manifests_is_refused(shop: Shop) -> None:  # noqa: F811
    other = {"other/crawdad.plugin.json": GOOD["crawdad.plugin.json"]}
    shop.index.wheels["hello-plugin==1.0"] = {"a.whl": wheel(more=other)}
    assert (await fault(shop.look("pypi:hello-plugin==1.0"))).kind is ErrorKind.BAD_REQUEST


async def test_an_archive_that_grows_is_stopped(shop: Shop, tmp_path: Path) -> None:  # noqa: F811
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("crawdad.plugin.json", json.dumps({}))
        archive.writestr("bomb", b"\0" * (50 * 1024 * 1024))
    (tmp_path / "bomb.zip").write_bytes(data.getvalue())
    assert len(data.getvalue()) < 100_000
    error: Any = await fault(shop.look(tmp_path / "bomb.zip"))
    assert error.kind is ErrorKind.BAD_REQUEST
