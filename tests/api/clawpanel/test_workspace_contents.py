"""What is in files: downloads, previews, texts that are saved."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests.api.clawpanel.panel import Panel
from tests.support.server import running_gateway, settings
from tests.support.waiting import PATIENCE

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
UNITS = 524_288


@pytest.fixture
def root(panel: Panel) -> Path:
    panel.get("/api/workspace/files")
    root = panel.gateway.home / "workspace"
    for name in os.listdir(root):
        panel.ask("POST", "/api/workspace/delete", {"paths": [name], "permanent": True})
    return root


def download(panel: Panel, path: str, **headers: str) -> httpx.Response:
    return panel.client.get("/api/workspace/download", params={"path": path}, headers=headers)


def preview(panel: Panel, path: str) -> httpx.Response:
    return panel.client.get("/api/workspace/preview", params={"path": path})


def test_a_download_keeps_its_name_in_every_script(panel: Panel, root: Path) -> None:
    for name in ("报告 (终稿)\"';\r\n.txt", "plain.html", "x.svg"):
        (root / name).write_bytes(b"<script>alert(1)</script>")
        answer = download(panel, name)
        assert (answer.status_code, answer.content) == (200, b"<script>alert(1)</script>")
        encoded = quote(name, safe="")
        assert (
            answer.headers["content-disposition"] == f"attachment; filename=\"{encoded}\"; filename*=UTF-8''{encoded}"
        )
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["content-length"] == "25"


def test_several_come_in_one_archive(panel: Panel, root: Path) -> None:
    """Folders with all in them, contained like every path; limits are told before anything is sent."""
    (root / "docs" / "deep").mkdir(parents=True)
    data = os.urandom(600_000)
    (root / "docs" / "deep" / "a.bin").write_bytes(data)
    (root / "docs" / "报告.txt").write_text("你好")
    (root / "docs" / "empty").write_bytes(b"")
    (root / "other.txt").write_text("not chosen")
    (root / "docs" / "deep" / "out").symlink_to("/etc/passwd")

    def ask(*paths: str) -> httpx.Response:
        return panel.client.get("/api/workspace/archive", params={"path": paths})

    answer = ask("docs/deep", "docs/报告.txt", "docs/empty", "docs/报告.txt")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"].startswith('attachment; filename="main.zip"')
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert sorted(archive.namelist()) == ["deep/a.bin", "empty", "报告.txt"]
        assert archive.read("deep/a.bin") == data and archive.read("报告.txt").decode() == "你好"
    for wrong, status in ((["../x"], 400), (["/etc/passwd"], 400), (["gone"], 400), ([""], 400), ([], 400)):
        assert ask(*wrong).status_code == status, wrong
    assert ask("docs/deep/out").status_code in (400, 403)
    assert ask(*(f"{number}" for number in range(201))).status_code == 400


def test_ranges_and_conditions(panel: Panel, root: Path) -> None:
    data = os.urandom(700_000)
    (root / "a.bin").write_bytes(data)
    whole = download(panel, "a.bin")
    assert (whole.content == data, whole.headers["accept-ranges"]) == (True, "bytes")
    for asked, start, end in (
        ("bytes=0-9", 0, 10),
        ("bytes=-5", 699_995, 700_000),
        ("bytes=300000-", 300_000, 700_000),
    ):
        found = download(panel, "a.bin", range=asked)
        assert (found.status_code, found.content == data[start:end]) == (206, True)
        assert found.headers["content-range"] == f"bytes {start}-{end - 1}/700000"
    outside = download(panel, "a.bin", range="bytes=700000-")
    assert (outside.status_code, outside.headers["content-range"]) == (416, "bytes */700000")
    etag, modified = whole.headers["etag"], whole.headers["last-modified"]
    assert download(panel, "a.bin", **{"if-none-match": f'"other", {etag}'}).status_code == 304
    assert download(panel, "a.bin", **{"if-modified-since": modified}).status_code == 304
    assert download(panel, "a.bin", **{"if-modified-since": "nonsense"}).status_code == 200
    assert download(panel, "a.bin", **{"if-range": etag, "range": "bytes=0-0"}).status_code == 206
    assert download(panel, "a.bin", **{"if-range": '"other"', "range": "bytes=0-0"}).status_code == 200
    head = panel.client.head("/api/workspace/download", params={"path": "a.bin"})
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "700000", b"")
    (root / "a.bin").write_bytes(b"changed")
    assert download(panel, "a.bin", **{"if-none-match": etag}).content == b"changed"
    (root / "empty").touch()
    assert download(panel, "empty").content == b""


def test_a_browser_link_opens_with_the_token_in_the_address(panel: Panel, root: Path) -> None:
    (root / "a.txt").write_text("hi")
    for route in ("download", "preview"):
        base = f"{panel.gateway.base_url}/api/workspace/{route}?path=a.txt"
        assert httpx.get(f"{base}&token={panel.token}", timeout=PATIENCE).status_code == 200
        assert httpx.get(f"{base}&token=junk", timeout=PATIENCE).json()["error"] == "Invalid token"
        assert httpx.get(base, timeout=PATIENCE).json()["error"] == "No token"
        refused = httpx.get(f"{base}&token={panel.token}", headers={"authorization": "Bearer junk"}, timeout=PATIENCE)
        assert refused.status_code == 401
    assert (
        httpx.get(f"{panel.gateway.base_url}/api/workspace/files?token={panel.token}", timeout=PATIENCE).status_code
        == 401
    )
    assert panel.token not in panel.gateway.log()


def test_a_missing_path_is_named(panel: Panel) -> None:
    for route in ("download", "preview"):
        answer = panel.ask("GET", f"/api/workspace/{route}")
        assert (answer.status_code, answer.json()["error"]) == (400, "Path required")


def test_what_is_no_ordinary_file_of_the_workspace_is_not_opened(panel: Panel, root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "way").symlink_to(tmp_path)
    os.mkfifo(root / "pipe")
    os.link(tmp_path / "secret", root / "hard")
    (root / "zero").symlink_to("/dev/zero")
    (root / "folder").mkdir()
    for path in ("out", "way/secret", "pipe", "hard", "zero", "folder", "", "."):
        for route in ("download", "preview"):
            answer = panel.client.get(f"/api/workspace/{route}", params={"path": path})
            assert (answer.status_code, answer.json()["ok"]) == (400, False)
            assert "secret" not in answer.text or path == "way/secret"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.png", PNG, "image/png"),
        ("lies.txt", PNG, "image/png"),
        ("a.jpg", b"\xff\xd8\xff\xe0" + bytes(40), "image/jpeg"),
        ("a.gif", b"GIF89a" + bytes(40), "image/gif"),
        ("a.webp", b"RIFF\0\0\0\0WEBP" + bytes(40), "image/webp"),
        ("a.bmp", b"BM\x40\0\0\0\0\0\0\0" + bytes(40), "image/bmp"),
        ("a.ico", b"\0\0\1\0\1\0" + bytes(40), "image/x-icon"),
    ],
)
def test_pictures_are_known_by_their_bytes(panel: Panel, root: Path, name: str, content: bytes, kind: str) -> None:
    (root / name).write_bytes(content)
    answer = preview(panel, name)
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, kind, content)
    assert answer.headers["content-disposition"].startswith("inline")
    assert (answer.headers["x-content-type-options"], "sandbox" in answer.headers["content-security-policy"]) == (
        "nosniff",
        True,
    )


def test_a_picture_that_is_too_large_is_told(panel: Panel, root: Path) -> None:
    with (root / "huge.png").open("wb") as file:
        file.write(PNG)
        file.truncate((32 << 20) + 1)
    answer = preview(panel, "huge.png")
    assert (answer.status_code, answer.json()["ok"], answer.json()["ext"]) == (200, False, ".png")


@pytest.mark.parametrize(
    ("name", "content", "text", "encoding"),
    [
        ("a.txt", "你好\n".encode(), "你好\n", "utf-8"),
        ("gbk.txt", "你好，世界。这是一个文本文件".encode("gbk"), "你好，世界。这是一个文本文件", "gb18030"),
        ("bom.txt", "\ufeff你好".encode("utf-16"), "\ufeff你好", "utf-16"),
        ("x.svg", b"<svg onload='alert(1)'/>", "<svg onload='alert(1)'/>", "utf-8"),
        ("x.html", b"<script>1</script>", "<script>1</script>", "utf-8"),
        (".env", b"A=1", "A=1", "utf-8"),
        ("lies.png", b"text", "text", "utf-8"),
        ("empty.md", b"", "", "utf-8"),
        ("crlf.txt", b"a\r\nb\r\n", "a\nb\n", "utf-8"),
    ],
)
def test_texts_are_shown_as_json(panel: Panel, root: Path, name: str, content: bytes, text: str, encoding: str) -> None:
    (root / name).write_bytes(content)
    answer = preview(panel, name)
    assert answer.headers["content-type"].startswith("application/json")
    found = answer.json()
    assert (found["ok"], found["type"], found["content"], found["truncated"]) == (True, "text", text, False)
    assert (found["encoding"], found["hash"]) == (encoding, hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(
    ("content", "truncated"),
    [
        (b"x" * UNITS, False),
        (b"x" * (UNITS + 1), True),
        (("中" * 700_000).encode(), True),
        ("中".encode() * UNITS, False),
        (("x" + "中" * 1_200_000).encode("gbk"), True),
        (("a" + "😀" * 600_000).encode(), True),
    ],
)
def test_long_texts_are_cut_and_said_to_be(panel: Panel, root: Path, content: bytes, truncated: bool) -> None:
    (root / "long.txt").write_bytes(content)
    found = preview(panel, "long.txt").json()
    assert (found["ok"], found["truncated"], "hash" in found) == (True, truncated, not truncated)
    shown, _, note = found["content"].partition("\n")
    assert bool(note) is truncated
    assert UNITS - 1 <= len(shown.encode("utf-16-le")) // 2 <= UNITS


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.zip", b"PK\x03\x04"), ("a.bin", b"text"), ("a.pdf", b"%PDF-1.7"), ("noise", bytes(range(256)))],
)
def test_what_has_no_preview_is_told_with_its_extension(panel: Panel, root: Path, name: str, content: bytes) -> None:
    (root / name).write_bytes(content)
    answer = preview(panel, name)
    assert (answer.status_code, answer.json()["ok"]) == (200, False)
    assert (answer.json()["ext"], bool(answer.json()["error"])) == (os.path.splitext(name)[1], True)


def test_a_text_is_saved_in_its_own_encoding_unless_somebody_was_faster(panel: Panel, root: Path) -> None:
    (root / "gbk.txt").write_bytes("第一行\r\n第二行\r\n".encode("gbk"))
    seen = preview(panel, "gbk.txt").json()
    body = {"path": "gbk.txt", "content": seen["content"].replace("二", "三"), "baseHash": seen["hash"]}
    saved = panel.ask("PUT", "/api/workspace/file", body)
    assert saved.status_code == 200, saved.text
    assert (root / "gbk.txt").read_bytes() == "第一行\r\n第三行\r\n".encode("gbk")
    assert saved.json()["hash"] == preview(panel, "gbk.txt").json()["hash"]
    late = panel.ask("PUT", "/api/workspace/file", body)
    assert (late.status_code, late.json()["code"]) == (409, "changed")
    assert panel.ask("PUT", "/api/workspace/file", {**body, "content": "😀", "baseHash": None}).status_code == 200
    assert (root / "gbk.txt").read_text(encoding="gb18030") == "😀"


def test_a_new_text_is_made_where_nothing_is(panel: Panel, root: Path) -> None:
    body = {"path": "new/a.md", "content": "# 你好", "baseHash": ""}
    assert panel.ask("PUT", "/api/workspace/file", body).status_code == 200
    assert (root / "new/a.md").read_text() == "# 你好"
    assert panel.ask("PUT", "/api/workspace/file", body).status_code == 409
    for wrong in (
        {"path": "../x", "content": ""},
        {"path": "CON", "content": ""},
        {"path": "a"},
        {"path": "a", "content": 5},
    ):
        assert panel.ask("PUT", "/api/workspace/file", wrong).status_code == 400
    assert panel.ask("PUT", "/api/workspace/file", {"path": "new", "content": ""}).status_code == 400


def test_the_seven_documents_are_listed_and_saved(panel: Panel, root: Path) -> None:
    found = panel.get("/api/system/identity-docs")
    assert found["workDir"] == str(root)
    assert [each["name"] for each in found["docs"]] == [
        f"{name}.md" for name in ("AGENTS", "BOOTSTRAP", "HEARTBEAT", "IDENTITY", "SOUL", "TOOLS", "USER")
    ]
    soul = found["docs"][4]
    assert (soul["exists"], soul["content"], soul["size"]) == (False, "", 0)
    assert panel.ask("PUT", "/api/system/identity-docs", {"path": soul["path"], "content": "我"}).json() == {"ok": True}
    assert panel.ask("PUT", "/api/system/identity-docs", {"path": "USER.md", "content": "u"}).json() == {"ok": True}
    docs = panel.get("/api/system/identity-docs")["docs"]
    assert (docs[4]["content"], docs[4]["size"], "exists" in docs[4]) == ("我", 3, False)
    assert docs[4]["modified"].endswith("Z")
    stale = {"path": "USER.md", "content": "x", "baseHash": "0" * 64}
    assert panel.ask("PUT", "/api/system/identity-docs", stale).status_code == 409
    assert (root / "USER.md").read_text() == "u"


def test_the_documents_of_the_installation(panel: Panel, root: Path, tmp_path: Path) -> None:
    home = panel.gateway.home
    (home / "agents" / "main").mkdir(parents=True, exist_ok=True)
    (home / "agents" / "main" / "A.md").write_text("a")
    (home / "agents" / "main" / "no.txt").write_text("a")
    (home / "README.md").write_text("r")
    (tmp_path / "X.md").write_text("secret")
    (home / "agents" / "out.md").symlink_to(tmp_path / "X.md")
    docs = {each["name"]: each for each in panel.get("/api/system/docs")["docs"]}
    assert set(docs) == {"agents/main/A.md", "README.md"}
    assert (docs["README.md"]["path"], docs["README.md"]["content"], docs["README.md"]["size"]) == (
        str(home / "README.md"),
        "r",
        1,
    )
    assert panel.ask("PUT", "/api/system/docs", {"path": str(home / "NEW.md"), "content": "n"}).json() == {"ok": True}
    assert (home / "NEW.md").read_text() == "n"


@pytest.mark.parametrize("route", ["docs", "identity-docs"])
def test_documents_stay_where_they_belong(panel: Panel, root: Path, tmp_path: Path, route: str) -> None:
    home = panel.gateway.home
    (tmp_path / "X.md").write_text("theirs")
    for link, target in ((home / "way.md", tmp_path / "X.md"), (home / "way", tmp_path)):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    words = {"docs": "Path outside openclaw dir", "identity-docs": "Path outside allowed directories"}[route]
    outside = (f"{home}-evil/x.md", "/etc/x.md", "../x.md", f"{home}/../x.md", f"{home}/way/X.md", f"{home}/way.md")
    for path in outside:
        answer = panel.ask("PUT", f"/api/system/{route}", {"path": path, "content": "x"})
        assert (answer.status_code, answer.json()) == (403, {"ok": False, "error": words, "code": "outside"})
    for wrong in (f"{home}/openclaw.json", "", None, 5, f"{home}/x.md\0.txt", "a" * 5000 + ".md"):
        answer = panel.ask("PUT", f"/api/system/{route}", {"path": wrong, "content": "x"})
        assert (answer.status_code, answer.json()["error"]) == (400, "Invalid path")
    assert panel.ask("PUT", f"/api/system/{route}", {"path": "x.md"}).status_code == 500
    large = panel.ask("PUT", f"/api/system/{route}", {"path": "x.md", "content": "x" * ((1 << 20) + 1)})
    assert large.status_code == 413
    assert (tmp_path / "X.md").read_text() == "theirs"
    assert not (tmp_path / "x.md").exists()


def test_another_agents_files_and_a_workspace_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    agents = {"list": [{"id": "main", "default": True, "workspace": str(tmp_path / "link")}, {"id": "second"}]}
    with running_gateway(settings({}, agents=agents)) as gateway:
        panel = Panel(gateway)
        assert panel.ask("POST", "/api/workspace/mkdir", {"name": "here"}).status_code == 200
        assert panel.ask("POST", "/api/workspace/mkdir?agent=second", {"name": "there"}).status_code == 200
        assert panel.ask("PUT", "/api/workspace/config?agent=second", {"autoCleanDays": 3}).status_code == 200
        assert [each["name"] for each in panel.get("/api/workspace/files")["files"]] == ["here"]
        assert [each["name"] for each in panel.get("/api/workspace/files", agent="second")["files"]] == ["there"]
        assert panel.get("/api/workspace/config")["config"]["autoCleanDays"] == 30
        assert (tmp_path / "real" / "here").is_dir()
        panel.close()
