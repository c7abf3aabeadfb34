"""Uploads: whole or not at all, within limits, under names that do no harm."""

from __future__ import annotations

import os
import resource
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.api.clawpanel.panel import Panel
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE, eventually

MIB = 1 << 20
LIMITS = {"gateway": {"maxBodyBytes": 64 * 1024, "uploads": {"maxFiles": 3, "maxFileBytes": 4 * MIB}}}
BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"


@pytest.fixture(scope="module")
def small() -> Iterator[Panel]:
    """A gateway with small limits."""
    with running_gateway(settings({}, **LIMITS)) as gateway:
        found = Panel(gateway)
        found.get("/api/workspace/files")
        yield found
        found.close()


@pytest.fixture
def root(small: Panel) -> Path:
    root = small.gateway.home / "workspace"
    for name in os.listdir(root):
        small.ask("POST", "/api/workspace/delete", {"paths": [name], "permanent": True})
    return root


def part(name: str, content: bytes, filename: bytes | None = None) -> bytes:
    told = b"" if filename is None else b'; filename="' + filename + b'"\r\nContent-Type: application/octet-stream'
    return (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        + told
        + b"\r\n\r\n"
        + content
        + b"\r\n"
    )


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def send(panel: Panel, body: bytes, **query: Any) -> httpx.Response:
    kind = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    return panel.client.post("/api/workspace/upload", content=body, headers=kind, params=query)


def everything(root: Path) -> list[str]:
    return sorted(os.path.relpath(os.path.join(at, name), root) for at, _, names in os.walk(root) for name in names)


def descriptors(gateway: Gateway) -> int:
    return len([each for each in Path(f"/proc/{gateway.pid}/fd").iterdir() if "deleted" in str(safe_link(each))])


def safe_link(path: Path) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def test_several_files_with_chinese_names_go_into_a_new_folder(small: Panel, root: Path) -> None:
    files = [("files", ("报告 甲.txt", b"one")), ("files", ("b.bin", bytes(3 * MIB)))]
    answer = small.client.post("/api/workspace/upload", files=files, data={"path": "新/deep"})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["ok"], [each["path"] for each in found["files"]]) == (True, ["新/deep/报告 甲.txt", "新/deep/b.bin"])
    assert (root / "新/deep/报告 甲.txt").read_bytes() == b"one"
    assert (root / "新/deep/b.bin").stat().st_size == 3 * MIB
    assert found["files"][1]["sizeHuman"] == "3.0 MB"
    progress = small.get(f"/api/workspace/uploads/{found['uploadId']}")["upload"]
    assert (progress["state"], progress["received"]) == ("done", 3 * MIB + 3)


def test_the_folder_may_be_told_after_the_files(small: Panel, root: Path) -> None:
    assert send(small, form(part("files", b"x", b"a.txt"), part("path", b"late"))).status_code == 200
    assert everything(root) == ["late/a.txt"]


def test_a_file_is_replaced_and_keeps_only_harmless_bits(small: Panel, root: Path) -> None:
    (root / "run.sh").write_text("old")
    (root / "run.sh").chmod(0o4755)
    assert send(small, form(part("files", b"new", b"run.sh"))).status_code == 200
    assert (root / "run.sh").read_text() == "new"
    assert stat.S_IMODE((root / "run.sh").stat().st_mode) == 0o755
    assert send(small, form(part("files", b"x", b"fresh.sh"))).status_code == 200
    assert stat.S_IMODE((root / "fresh.sh").stat().st_mode) & 0o7111 == 0
    refused = send(small, form(part("overwrite", b"false"), part("files", b"newer", b"run.sh")))
    assert (refused.status_code, refused.json()["ok"], refused.json()["code"]) == (500, False, "exists")
    assert (root / "run.sh").read_text() == "new"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"../../evil.txt", "evil.txt"),
        (b"/etc/passwd", "passwd"),
        (b"C:\\\\fake\\\\x.txt", "x.txt"),
        (b"<img src=x onerror=alert(1)>.txt", "<img src=x onerror=alert(1)>.txt"),
        ("a\u202egpj.exe".encode(), "agpj.exe"),
        (b"tab\tand\x01.txt", "tab_and_.txt"),
        (b"CON", "_CON"),
        (b"nul.txt", "_nul.txt"),
        (b"trailing. . ", "trailing"),
        (b".crawdad-upload-x.tmp", "_.crawdad-upload-x.tmp"),
        (b".env", ".env"),
        ("长".encode() * 200 + b".txt", "长" * 78 + ".txt"),
        ("报告.txt".encode("gb18030"), "报告.txt"),
    ],
)
def test_names_are_made_harmless(small: Panel, root: Path, sent: bytes, kept: str) -> None:
    answer = send(small, form(part("files", b"x", sent)))
    assert answer.status_code == 200, answer.text
    assert answer.json()["files"][0]["name"] == kept
    assert everything(root) == [kept]


@pytest.mark.parametrize("sent", [b"", b"..", b".", b"...", b"/", b"   "])
def test_what_is_no_name_brings_nothing(small: Panel, root: Path, sent: bytes) -> None:
    answer = send(small, form(part("files", b"x", sent)))
    assert (answer.status_code >= 400, answer.json()["ok"]) == (True, False)
    assert everything(root) == []


def test_two_of_one_name_are_two_files(small: Panel, root: Path) -> None:
    assert send(small, form(part("files", b"1", b"a.txt"), part("files", b"2", b"x/a.txt"))).status_code == 200
    assert everything(root) == ["a (2).txt", "a.txt"]


@pytest.mark.parametrize("path", [b"../outside", b"/tmp/outside", b"a/../../outside", b"out", b"a\0b", b"out/deeper"])
def test_nothing_is_put_or_made_outside(small: Panel, root: Path, path: bytes, tmp_path: Path) -> None:
    (root / "out").symlink_to(tmp_path)
    before = sorted(os.listdir(root.parent))
    for body in (
        form(part("path", path), part("files", b"x", b"a")),
        form(part("files", b"x", b"a"), part("path", path)),
    ):
        answer = send(small, body)
        assert (answer.status_code, answer.json()["ok"]) == (500, False)
        assert (os.listdir(root), os.listdir(tmp_path), sorted(os.listdir(root.parent))) == (["out"], [], before)
    assert not Path("/tmp/outside").exists()


def test_a_link_a_pipe_or_a_folder_is_no_place_for_a_file(small: Panel, root: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("precious")
    (root / "link").symlink_to(tmp_path / "theirs")
    os.mkfifo(root / "pipe")
    (root / "folder").mkdir()
    for name in (b"link", b"pipe", b"folder"):
        for body in (form(part("files", b"x", name)), form(part("files", b"x", b"fine"), part("files", b"x", name))):
            assert send(small, body).status_code == 500
    assert (tmp_path / "theirs").read_text() == "precious"
    assert sorted(os.listdir(root)) == ["folder", "link", "pipe"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (form(part("path", b"")), 400, "no_files"),
        (form(part("file", b"x", b"a")), 400, "wrong_field"),
        (form(*(part("files", b"x", b"%d" % n) for n in range(4))), 400, "too_many_files"),
        (form(part("files", b"first", b"a"), part("files", bytes(4 * MIB + 1), b"b")), 413, "file_too_large"),
        (form(part("path", b"x" * 5000), part("files", b"x", b"a")), 400, "bad_form"),
        (part("files", b"x", b"a"), 400, "bad_form"),
        (b"nonsense", 400, "bad_form"),
        (b"", 400, "bad_form"),
        (form(part("files", bytes(4 * MIB), b"a"), part("path", bytes(14 * MIB))), None, None),
    ],
)
def test_faulty_forms_leave_nothing(
    small: Panel, root: Path, body: bytes, status: int | None, code: str | None
) -> None:
    answer = send(small, body)
    assert answer.json()["ok"] is False
    assert status is None or (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.status_code < 500
    assert everything(root) == []
    eventually(lambda: descriptors(small.gateway) == 0)


def test_no_form_is_no_files(small: Panel, root: Path) -> None:
    answer = small.ask("POST", "/api/workspace/upload", {"path": ""})
    assert (answer.status_code, answer.json()["error"]) == (400, "No files provided")


def test_other_routes_keep_their_limit(small: Panel, root: Path) -> None:
    body = {"path": "a.txt", "content": "x" * 70_000}
    assert small.ask("PUT", "/api/workspace/file", body).status_code == 413


def test_an_upload_that_breaks_off_leaves_nothing_and_tells_how_far_it_was(small: Panel, root: Path) -> None:
    begun = part("files", bytes(3 * MIB), b"half.bin")[:-100]
    with socket.create_connection(("127.0.0.1", small.gateway.port)) as connection:
        head = (
            f"POST /api/workspace/upload?uploadId=my-upload HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {small.token}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {4 * MIB}\r\n\r\n"
        )
        connection.sendall(head.encode() + begun)

        def upload() -> dict[str, Any]:
            answer = small.ask("GET", "/api/workspace/uploads/my-upload").json()
            found: dict[str, Any] = answer.get("upload", {})
            return found

        eventually(lambda: upload().get("received", 0) > 2 * MIB)
        assert (upload()["state"], upload()["total"]) == ("receiving", 4 * MIB)
        assert (
            small.ask("POST", "/api/workspace/upload?uploadId=my-upload", files=[("files", ("a", b"x"))]).status_code
            == 409
        )
        assert everything(root) == []
    eventually(lambda: upload()["state"] == "failed")
    assert everything(root) == []
    eventually(lambda: descriptors(small.gateway) == 0)
    assert small.ask("GET", "/api/workspace/uploads/unknown").status_code == 404


def test_a_kill_in_the_middle_leaves_no_half_of_a_file(tmp_path: Path) -> None:
    with running_gateway(settings({}), home=tmp_path) as gateway:
        panel = Panel(gateway)
        panel.get("/api/workspace/files")
        root = gateway.home / "workspace"
        (root / "kept.txt").write_text("old")
        with socket.create_connection(("127.0.0.1", gateway.port)) as connection:
            head = (
                f"POST /api/workspace/upload?uploadId=u HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {panel.token}\r\n"
                f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {9 * MIB}\r\n\r\n"
            )
            connection.sendall(head.encode() + part("files", bytes(5 * MIB), b"kept.txt")[:-100])
            asked = "/api/workspace/uploads/u"
            eventually(lambda: panel.ask("GET", asked).json().get("upload", {}).get("received", 0) > 2 * MIB)
            gateway.kill()
        assert everything(root) == ["kept.txt"]
        assert (root / "kept.txt").read_text() == "old"
        gateway.start()
        assert [each["name"] for each in panel.get("/api/workspace/files")["files"]] == ["kept.txt"]
        panel.close()


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with running_gateway(settings({}), home=tmp_path) as gateway:
        panel = Panel(gateway)
        panel.get("/api/workspace/files")
        # No file of this process may become longer than 2 MiB: for what is written that is a disk without room.
        resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (2 * MIB, resource.RLIM_INFINITY))
        answer = send(panel, form(part("files", b"fits", b"small"), part("files", bytes(3 * MIB), b"large.bin")))
        assert (answer.status_code, answer.json()["ok"], answer.json()["code"]) == (507, False, "disk_full")
        assert everything(gateway.home / "workspace") == []
        assert send(panel, form(part("files", b"fits", b"small"))).status_code == 200
        panel.close()


def test_what_cannot_fit_is_refused_before_it_comes(small: Panel, root: Path) -> None:
    free = os.statvfs(root)
    if free.f_bavail * free.f_frsize > 1 << 50:
        pytest.skip("a disk without end")
    with socket.create_connection(("127.0.0.1", small.gateway.port), timeout=PATIENCE) as connection:
        head = (
            f"POST /api/workspace/upload HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {small.token}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {1 << 50}\r\n\r\n"
        )
        connection.sendall(head.encode() + part("files", b"x", b"a"))
        answer = connection.recv(65_536)
    assert b" 507 " in answer.split(b"\r\n")[0]
    assert orjson.loads(answer.partition(b"\r\n\r\n")[2])["ok"] is False
    assert everything(root) == []
