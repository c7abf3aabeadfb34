"""Hooks and skills: whoever has no token, an old one, or has listened; and packages that want more than a skill may."""

from __future__ import annotations

import io
import json
import stat
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.e2e.agents.conftest import HOOK_TOKEN, OpenScene, open_scene
from tests.e2e.agents.deeds import until_asked
from tests.support.scripted_model import says
from tests.support.server import clean_environment, run_command
from tests.support.waiting import eventually

__all__ = ["open_scene"]

HEAD = b"---\nname: tea\ndescription: Makes tea.\n---\nBoil water.\n"
GRABBING = b"---\nname: tea\ndescription: Makes tea.\n---\nNew words.\n"


def test_hooks_know_their_token_alone(open_scene: OpenScene) -> None:
    scene = open_scene(says("Done."), hooks={"enabled": True, "token": HOOK_TOKEN})
    body = {"message": "The build is red", "deliver": False}
    wrong: tuple[dict[str, str], ...] = (
        {},
        {"authorization": ""},
        {"authorization": f"Bearer {HOOK_TOKEN[:-1]}"},
        {"authorization": f"Bearer {HOOK_TOKEN}x"},
        {"authorization": f"Basic {HOOK_TOKEN}"},
        {"authorization": f"Bearer {scene.gateway.token}"},
        {"x-openclaw-token": "null"},
        {"cookie": f"token={HOOK_TOKEN}"},
    )
    plain = scene.client
    plain.headers.pop("authorization")
    for headers in wrong:
        for path in ("/hooks/agent", "/hooks/wake", "/hooks/mapped"):
            answer = plain.post(path, json=body, headers=headers)
            assert answer.status_code in (401, 429), (headers, path, answer.text)
    assert plain.post(f"/hooks/agent?token={HOOK_TOKEN}", json=body).status_code in (400, 401, 429)
    assert scene.model.asked == []


def test_a_hook_that_is_sent_again_runs_once(open_scene: OpenScene) -> None:
    scene = open_scene(says("Done."), hooks={"enabled": True, "token": HOOK_TOKEN})
    theirs = {"authorization": f"Bearer {HOOK_TOKEN}", "idempotency-key": "delivery-1"}
    body = {"message": "The build is red", "deliver": False}
    answers = [scene.client.post("/hooks/agent", json=body, headers=theirs) for _ in range(5)]
    assert len({answer.json()["runId"] for answer in answers}) == 1
    until_asked(scene, lambda: len(scene.model.asked) >= 1, "the run")
    told = [body for body in scene.model.asked if "The build is red" in str(body["messages"][-1])]
    assert len(told) == 1


def test_a_token_that_was_changed_is_no_good_any_more(open_scene: OpenScene) -> None:
    scene = open_scene(says("Done."), hooks={"enabled": True, "token": HOOK_TOKEN})
    old = {"authorization": f"Bearer {HOOK_TOKEN}"}
    new = {"authorization": "Bearer another-hook-token-0123456789"}
    body = {"text": "x", "mode": "next-heartbeat"}
    assert scene.client.post("/hooks/wake", json=body, headers=old).status_code == 200
    file = scene.gateway.home / "openclaw.json"
    configuration = json.loads(file.read_text())
    assert configuration["hooks"]["token"] != HOOK_TOKEN, "it is sealed"
    configuration["hooks"]["token"] = "another-hook-token-0123456789"
    file.write_text(json.dumps(configuration))
    # Whoever tries tokens meanwhile is locked out.
    eventually(lambda: "configuration_applied" in scene.gateway.log(), "the new token to count")
    assert scene.client.post("/hooks/wake", json=body, headers=new).status_code == 200
    assert scene.client.post("/hooks/wake", json=body, headers=old).status_code == 401


def zipped(files: dict[str, bytes], modes: dict[str, int] | None = None) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for path, content in files.items():
            info = zipfile.ZipInfo(path)
            info.external_attr = (modes or {}).get(path, stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content)
    return data.getvalue()


def tarred(path: str, kind: bytes, target: str) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        head = tarfile.TarInfo("SKILL.md")
        head.size = len(HEAD)
        archive.addfile(head, io.BytesIO(HEAD))
        other = tarfile.TarInfo(path)
        other.type, other.linkname = kind, target
        archive.addfile(other)
    return data.getvalue()


UNFAIR = {
    "zip-slip": zipped({"SKILL.md": HEAD, "../../evil": b"x"}),
    "absolute": zipped({"SKILL.md": HEAD, "/tmp/evil": b"x"}),
    "link": zipped({"SKILL.md": HEAD, "x": b"/etc/passwd"}, {"x": stat.S_IFLNK | 0o777}),
    "tar link": tarred("x", tarfile.SYMTYPE, "/etc"),
    "hard link": tarred("x", tarfile.LNKTYPE, "../../../etc/passwd"),
    "device": tarred("x", tarfile.CHRTYPE, ""),
}


class Shell:
    """`crawdad skills` in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home / "home"
        self.home.mkdir()
        self.package = home / "package"

    def install(self, data: bytes, *options: str, source: str = "") -> subprocess.CompletedProcess[str]:
        """Install what is in `data`, unasked."""
        self.package.write_bytes(data)
        command = ["skills", "install", source or str(self.package), "--yes", *options, "--home", str(self.home)]
        return run_command(command, clean_environment())

    @property
    def files(self) -> set[str]:
        """What is installed."""
        root = self.home / "skills"
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} if root.exists() else set()


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_unfair_archives_leave_nothing_behind(shell: Shell, tmp_path: Path) -> None:
    for name, data in UNFAIR.items():
        done = shell.install(data)
        assert done.returncode not in (0, None) and "Traceback" not in done.stderr, (name, done.stderr)
        assert shell.files == set(), name
    assert not list(tmp_path.rglob("evil")) and not Path("/tmp/evil").exists()


def test_a_skill_gets_no_rights_by_its_files(shell: Shell) -> None:
    """Set-user-id bits are not kept, `.pth` files and hooks of installers are not run, and a skill that is there is not
    replaced by one that calls itself the same."""
    modes = {"boil.sh": stat.S_IFREG | stat.S_ISUID | stat.S_ISGID | 0o777}
    files = {"SKILL.md": HEAD, "boil.sh": b"#!/bin/sh\ntouch ran\n"}
    files |= {"setup.py": b"open('ran','w')", "package.json": b'{"scripts":{"postinstall":"touch ran"}}'}
    files |= {"evil.pth": b"import os; os.system('touch ran')"}
    done = shell.install(zipped(files, modes))
    assert done.returncode == 0, done.stderr
    mode = (shell.home / "skills/tea/boil.sh").stat().st_mode
    assert not mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWOTH), oct(mode)
    assert not list(shell.home.parent.rglob("ran"))
    again = shell.install(zipped({"SKILL.md": GRABBING}))
    assert again.returncode != 0 and (shell.home / "skills/tea/SKILL.md").read_bytes() == HEAD


def test_what_comes_over_the_network_must_be_known(shell: Shell) -> None:
    """Without a hash or a signature nothing is even asked for."""
    done = shell.install(b"", source="http://127.0.0.1:9/tea.zip")
    assert done.returncode != 0 and "SHA-256" in done.stderr + done.stdout
