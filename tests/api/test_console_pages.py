"""The web console's files: what is served below `/console`, and under which policy (attacks 3, 9)."""

from __future__ import annotations

import asyncio
import gzip
import os
from pathlib import Path
from typing import Any

import pytest

from crawdad.adapters.page_assets import LocalPageAssets
from crawdad.adapters.system import SystemRandomness
from crawdad.api.console.pages import ConsolePages

SCRIPT = b"console.log('crab')\n" * 100
FIRST = (
    b'<!doctype html><meta name="csp-nonce" content="__CSP_NONCE__"><script type="module" src="/console/assets/a-1.js">'
)


@pytest.fixture
def build(tmp_path: Path) -> Path:
    folder = tmp_path / "console"
    (folder / "assets").mkdir(parents=True)
    (folder / "assets" / "a-1.js").write_bytes(SCRIPT)
    (folder / "assets" / "a-1.js.gz").write_bytes(gzip.compress(SCRIPT))
    (folder / "icon.svg").write_bytes(b"<svg/>")
    (folder / "index.html").write_bytes(FIRST)
    (tmp_path / "secret.json").write_text("{}")
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    return folder


class Answer:
    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.status = messages[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])


def ask(folder: Path, path: str, method: str = "GET", **headers: str) -> Answer:
    pages = ConsolePages(LocalPageAssets(folder), SystemRandomness())
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": pairs}
    messages: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        messages.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    asyncio.run(pages(scope, receive, send))
    return Answer(messages)


def test_the_first_page_has_a_nonce_of_its_own_and_a_strict_policy(build: Path) -> None:
    one, two = ask(build, "/console/"), ask(build, "/console/agents/main/files")
    assert one.status == two.status == 200 and one.headers["cache-control"] == "no-store"
    policy = one.headers["content-security-policy"]
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert len(nonce) >= 20 and f'content="{nonce}"'.encode() in one.body
    assert "unsafe" not in policy and "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert two.headers["content-security-policy"] != policy
    assert one.headers["x-content-type-options"] == "nosniff" and one.headers["referrer-policy"] == "no-referrer"


def test_files_are_compressed_and_kept_by_their_fingerprint(build: Path) -> None:
    plain, small = (
        ask(build, "/console/assets/a-1.js"),
        ask(build, "/console/assets/a-1.js", accept_encoding="br, gzip"),
    )
    assert plain.body == SCRIPT and "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip" and gzip.decompress(small.body) == SCRIPT
    assert small.headers["content-type"].startswith("text/javascript") and "immutable" in small.headers["cache-control"]
    assert small.headers["vary"] == "accept-encoding" and small.headers["etag"] != plain.headers["etag"]
    again = ask(build, "/console/assets/a-1.js", if_none_match=plain.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    icon = ask(build, "/console/icon.svg")
    assert icon.headers["cache-control"] == "no-cache" and "sandbox" in icon.headers["content-security-policy"]
    head = ask(build, "/console/icon.svg", "HEAD")
    assert (head.body, head.headers["content-length"]) == (b"", "6")


@pytest.mark.parametrize(
    "path",
    [
        "/console/../secret.json",
        "/console/assets/../../secret.json",
        "/console//etc/passwd.txt",
        "/console/link.json",
        "/console/assets/gone.js",
        "/console/assets",
        "/console/assets/",
        "/console/.env",
        "/consoles",
        "/console/index.html.gz",
        "/console/a\0.js",
    ],
)
def test_nothing_else_is_served(build: Path, path: str) -> None:
    answer = ask(build, path)
    if path == "/console/assets":  # a page that the console does not know, which says so itself
        assert answer.body.startswith(b"<!doctype html>")
        return
    assert (answer.status, answer.body) == (404, b"")


def test_the_path_without_its_slash_leads_there_and_only_reading_is_allowed(build: Path) -> None:
    assert ask(build, "/console").headers["location"] == "/console/"
    assert ask(build, "/console/", "POST").status == 405


def test_a_new_build_is_noticed_and_no_build_is_said(build: Path, tmp_path: Path) -> None:
    assets = LocalPageAssets(build)
    assert asyncio.run(assets.find("assets/b-2.js", compressed=False)) is None
    (build / "assets" / "b-2.js").write_bytes(b"2")
    os.utime(build / "index.html", ns=(1, 1))
    found = asyncio.run(assets.find("assets/b-2.js", compressed=True))
    assert found is not None and found.data == b"2"
    absent = ask(tmp_path / "nowhere", "/console/", accept_language="zh-CN")
    assert absent.status == 503 and "make ui" in absent.body.decode() and "控制台" in absent.body.decode()
