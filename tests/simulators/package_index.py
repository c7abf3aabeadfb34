"""A Python package index on loopback (PEP 691 and PEP 503), and wheels of Crawdad made from this very source.

It is strict: what is asked for in a way that an index would not understand is a 404, and every request is remembered.
"""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.waiting import PATIENCE

SOURCE = Path(__file__).resolve().parents[2] / "src" / "crawdad"


def wheel_name(version: str) -> str:
    return f"crawdad-{version}-py3-none-any.whl"


def make_wheel(version: str, changed: Mapping[str, str | None] | None = None) -> bytes:
    """Crawdad under another version. `changed`: files of the package with other texts. What it needs it finds where this test
    does, so that nothing has to be installed from anywhere."""
    import pydantic

    found = {
        f"crawdad/{path.relative_to(SOURCE)}": path.read_bytes()
        for path in SOURCE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    first = found["crawdad/__init__.py"].decode()
    old = first.split('__version__ = "')[1].split('"')[0]
    found["crawdad/__init__.py"] = first.replace(f'"{old}"', f'"{version}"').encode()
    for name, text in (changed or {}).items():
        found[f"crawdad/{name}"] = (text or "").encode()
    site = str(Path(pydantic.__file__).parents[1])
    info = f"crawdad-{version}.dist-info"
    found["crawdad_needs.pth"] = f"{site}\n".encode()
    found[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: crawdad\nVersion: {version}\n".encode()
    found[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    found[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in (*found, f"{info}/RECORD")).encode()
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_STORED) as archive:
        for name, data in found.items():
            archive.writestr(name, data)
    return raw.getvalue()


class PackageIndex:
    """What it offers: `files` by name; `lies` are names whose hash is told wrong."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.files: dict[str, bytes] = {}
        self.lies: set[str] = set()
        self.yanked: set[str] = set()
        self.as_html = False
        self.broken = False
        """Whether its pages are no pages."""
        self.asked: list[str] = []
        self.hold = threading.Event()
        self.hold.set()
        """While it is clear, wheels are not given out."""

    def page(self, package: str) -> tuple[str, bytes]:
        if self.broken:
            return "application/vnd.pypi.simple.v1+json", b"{"
        rows = []
        for name, data in self.files.items():
            digest = "0" * 64 if name in self.lies else hashlib.sha256(data).hexdigest()
            rows.append((name, f"{self.url}/files/{name}", digest, name in self.yanked))
        if self.as_html:
            links = "".join(
                f'<a href="../../files/{name}#sha256={digest}"{" data-yanked" if gone else ""}>{name}</a>'
                for name, _, digest, gone in rows
            )
            return "text/html", f"<html><body>{links}</body></html>".encode()
        files = [
            {"filename": name, "url": url, "hashes": {"sha256": digest}, "yanked": gone}
            for name, url, digest, gone in rows
        ]
        document: dict[str, Any] = {"meta": {"api-version": "1.0"}, "name": package, "files": files}
        return "application/vnd.pypi.simple.v1+json", json.dumps(document).encode()


@contextmanager
def package_index() -> Iterator[PackageIndex]:
    """An index that serves while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index.asked.append(self.path)
            if self.path == "/simple/crawdad/":
                kind, body = index.page("crawdad")
            elif self.path.startswith("/files/") and self.path[7:] in index.files:
                index.hold.wait(60)
                kind, body = "application/octet-stream", index.files[self.path[7:]]
            else:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    index = PackageIndex(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield index
    finally:
        index.hold.set()
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE)
