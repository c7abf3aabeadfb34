"""Attacks on what OpenClaw Buddy's contract reaches: files (49), sockets (50), secrets (53), stored texts (54)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.api.buddy.asking import Buddy
from tests.support.server import Gateway, running_gateway, settings

SECRET = "sk-outside-of-every-workspace-5d1e"
SCRIPT = '<img src=x onerror="alert(1)"><script>alert(2)</script>'
FILES = "/v1/openclaw/files"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    provider = {"baseUrl": "http://127.0.0.1:1/v1", "apiKey": SECRET, "api": "openai-completions", "models": []}
    shell = {"enabled": True, "commands": ["df -h"]}
    with running_gateway(settings({"v": provider}, gateway={"shell": shell})) as found:
        yield found


@pytest.fixture(scope="module")
def buddy(gateway: Gateway) -> Buddy:
    return Buddy(gateway)


@pytest.fixture(scope="module")
def workspace(gateway: Gateway, buddy: Buddy) -> Path:
    """A workspace in which everything that could lead out of it lies."""
    made = buddy.done("POST", "/v1/openclaw/bots/add", {"id": "trapped", "model": "crawdad/demo"})
    root, outside = Path(made["workspace"]), gateway.home / "outside.md"
    outside.write_text(SECRET)
    for name in ("SOUL.md", "TOOLS.md", "USER.md", "IDENTITY.md"):
        (root / name).unlink()
    (root / "SOUL.md").symlink_to(outside)
    os.link(outside, root / "TOOLS.md")
    os.mkfifo(root / "USER.md")
    (root / "IDENTITY.md").mkdir()
    (root / "memory").mkdir(exist_ok=True)
    (root / "memory" / "link.md").symlink_to(outside)
    (root / "memory" / "written.md").symlink_to(outside)
    os.link(outside, root / "memory" / "hard.md")
    os.mkfifo(root / "memory" / "pipe.md")
    (root / "away").symlink_to(gateway.home)
    return root


def test_no_bot_file_is_read_through_a_link_or_from_a_pipe(gateway: Gateway, buddy: Buddy, workspace: Path) -> None:
    """Attack 49: symlink, hard link, FIFO, folder; each answers at once."""
    for kind in ("soul", "tools", "user", "identity"):
        answer = buddy.ask("GET", f"/v1/openclaw/bots/file?id=trapped&type={kind}")
        assert answer.json()["data"] == {"content": ""}, (kind, answer.text)
    for name in ("link.md", "hard.md", "pipe.md"):
        answer = buddy.ask("GET", f"/v1/openclaw/bots/file?id=trapped&type=memory_file&filename={name}")
        assert answer.json()["data"] == {"content": ""}, (name, answer.text)
    for body in ({"type": "soul"}, {"type": "tools"}, {"type": "memory_file", "filename": "written.md"}):
        buddy.ask("POST", "/v1/openclaw/bots/file", {"id": "trapped", "content": "mine", **body})
    assert (gateway.home / "outside.md").read_text() == SECRET, "a link is replaced, and never written through"


@pytest.mark.parametrize(
    "path",
    [
        *(
            "../openclaw.json",
            "/etc/passwd",
            "a/../../openclaw.json",
            "away/openclaw.json",
            "away",
            "\\..\\openclaw.json",
        ),
        *("..", "a\0b", "memory/link.md", "memory/pipe.md", "memory/hard.md", "away/../openclaw.json"),
    ],
)
def test_no_path_leads_out_of_a_workspace(gateway: Gateway, buddy: Buddy, workspace: Path, path: str) -> None:
    """Attack 49: every route that takes a path."""
    before = (gateway.home / "openclaw.json").read_bytes()
    inside = {"botId": "trapped", "path": path}
    answers = [buddy.ask("GET", f"{FILES}/{route}", params=inside) for route in ("get", "download")]
    if path not in ("memory/link.md", "memory/hard.md", "memory/pipe.md"):  # a name may be replaced, and leads nowhere
        answers += [
            buddy.ask("POST", f"{FILES}/save", {**inside, "content": "x"}),
            buddy.ask("POST", f"{FILES}/mkdir", {**inside, "path": f"{path}/new"}),
            buddy.ask("POST", f"{FILES}/rename", {**inside, "path": "AGENTS.md", "newPath": f"{path}/x"}),
        ]
    for answer in answers:
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.json()["code"] == answer.status_code
        assert SECRET not in answer.text and "gateway" not in answer.json().get("data", "")
    assert (gateway.home / "openclaw.json").read_bytes() == before
    assert not (gateway.home / "new").exists()


def test_what_is_uploaded_lies_in_the_workspace_and_is_no_page(gateway: Gateway, buddy: Buddy, workspace: Path) -> None:
    """Attacks 49 and 54: names that climb, and files that would be pages of ours."""
    upload = "/v1/openclaw/chat/upload?botId=trapped"
    for number, name in enumerate(("../../up.txt", "..\\..\\up2.txt", "/etc/up3.txt")):
        made = buddy.good(buddy.ask("POST", upload, files={"file": (name, b"x")}))
        assert (workspace / "uploads" / made["filename"]).read_bytes() == b"x", number
        assert "/" not in made["filename"] and "\\" not in made["filename"]
    for name in ("run.EXE", "run.bat. ", "a.com"):
        buddy.refused(400, "POST", upload, files={"file": (name, b"MZ")})
    for name, content in (("page.html", SCRIPT), ("picture.svg", f"<svg>{SCRIPT}</svg>")):
        made = buddy.good(buddy.ask("POST", upload, files={"file": (name, content.encode())}))
        shown = buddy.ask("GET", made["url"])
        assert shown.content == content.encode()
        assert shown.headers["content-type"] == "application/octet-stream"
        assert shown.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in shown.headers["content-security-policy"]
        assert shown.headers["x-content-type-options"] == "nosniff"
    assert not (gateway.home.parent / "up.txt").exists()


def test_stored_texts_come_back_as_json_that_no_browser_takes_for_a_page(buddy: Buddy) -> None:
    """Attack 54: the name of a bot, a model and a quick command, the file of a bot."""
    buddy.done("POST", "/v1/openclaw/bots/add", {"id": "xss", "model": SCRIPT})
    buddy.done("POST", "/v1/openclaw/bots/set-identity", {"id": "xss", "name": SCRIPT})
    buddy.good(buddy.ask("POST", "/v1/openclaw/bots/file", {"id": "xss", "type": "soul", "content": SCRIPT}))
    buddy.good(buddy.ask("POST", "/v1/openclaw/chat/quick-commands", {"label": SCRIPT, "prompt": SCRIPT}))
    paths = (
        "/v1/openclaw/bots-models",
        "/v1/openclaw/bots/file?id=xss",
        "/v1/openclaw/chat/quick-commands",
        "/v1/tasks/status",
        "/v1/system/events",
        "/v1/openclaw/bots/file?id=xss&type=%3Cscript%3E",
        "/v1/openclaw/%3Cscript%3E",
    )
    for path in paths:
        answer = buddy.ask("GET", path)
        assert answer.headers["content-type"].partition(";")[0] == "application/json", path
        assert answer.headers["x-content-type-options"] == "nosniff", path


@pytest.mark.parametrize("path", ["/v1/ws/logs", "/v1/ws/tui", "/v1/ws/shell", "/v1/ws/gateway"])
def test_no_socket_opens_without_a_credential_or_for_another_sites_page(gateway: Gateway, path: str) -> None:
    """Attack 50: no origin is as good as a program's, and needs a credential; a foreign page gets nothing with one."""
    address = gateway.base_url.replace("http", "ws", 1) + path
    login = httpx.post(gateway.base_url + "/login", json={"token": gateway.token}, timeout=60)
    cookie = {"cookie": f"guardian_token={login.json()['data']['token']}"}
    attempts: tuple[tuple[dict[str, str], str | None, int], ...] = (
        ({}, None, 401),
        ({}, gateway.base_url, 401),
        (cookie, "https://elsewhere.example", 403),
        (cookie, "null", 403),
        (gateway.headers, "https://elsewhere.example", 403),
    )
    for headers, origin, status in attempts:
        with (
            pytest.raises(InvalidStatus) as raised,
            connect(address, additional_headers=headers, origin=origin, open_timeout=60, proxy=None),  # type: ignore[arg-type]
        ):
            pass
        assert raised.value.response.status_code == status, (headers, origin)


def test_no_secret_is_told_by_reports_backups_logs_or_the_configuration(gateway: Gateway, buddy: Buddy) -> None:
    """Attack 53: whoever asks, the routes for people mask what is secret."""
    buddy.ask("POST", "/api/system/backup", {})
    name = buddy.get("/v1/heal/backups")[0]["name"]
    paths = ["/v1/openclaw/config", f"/v1/heal/backups/{name}", f"/v1/heal/backups/{name}/diff", "/v1/audit/logs"]
    for path in (*paths, "/v1/heal/reports", "/v1/heal/events", "/v1/openclaw/security/status"):
        answer = buddy.ask("GET", path)
        assert answer.status_code == 200, (path, answer.text)
        assert SECRET not in answer.text and gateway.token not in answer.text, path
    wrong = orjson.dumps({"models": {"providers": {"v": {"apiKey": SECRET, "baseUrl": 5}}}}).decode()
    for path in ("/v1/openclaw/config/validate", "/v1/openclaw/config"):
        answer = buddy.ask("POST", path, {"content": wrong})
        assert "baseUrl" in answer.text and SECRET not in answer.text, answer.text
