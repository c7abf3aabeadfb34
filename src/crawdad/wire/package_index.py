"""How an index of Python packages spells what it offers: JSON (PEP 691) and HTML (PEP 503)."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import orjson

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.core.updates import WheelFile

ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.2, application/vnd.pypi.simple.v1+html;q=0.3"
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_ANYWHERE = ("py3-none-any", "py2.py3-none-any")
_MOST_FILES = 20_000


def normalised(package: str) -> str:
    """A package's name as addresses have it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", package).lower()


def read_project(body: bytes, content_type: str, url: str, package: str) -> list[WheelFile]:
    """The wheels of a project's page at `url` that run anywhere. Raises UPSTREAM_ERROR for what is no such page."""
    kind = content_type.split(";")[0].strip().lower()
    rows = _json(body) if kind.endswith("json") else _html(body)
    found = []
    for row in rows[:_MOST_FILES]:
        wheel = _wheel(row, url, package)
        if wheel is not None:
            found.append(wheel)
    return found


def _json(body: bytes) -> list[dict[str, Any]]:
    try:
        files = orjson.loads(body)["files"]
        if not isinstance(files, list):
            raise TypeError
        return [
            {
                "name": file["filename"],
                "url": file["url"],
                "sha256": (file.get("hashes") or {}).get("sha256") or "",
                "python": file.get("requires-python") or "",
                "yanked": bool(file.get("yanked")),
            }
            for file in files
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise GatewayError(ErrorKind.UPSTREAM_ERROR, Text("updates.bad_index"), {"code": "bad_index"}) from None


def _html(body: bytes) -> list[dict[str, Any]]:
    links = _Links()
    links.feed(body.decode("utf-8", "replace"))
    return links.rows


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, Any]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        href = values.get("href")
        if tag != "a" or not href:
            return
        parts = urlsplit(href)
        name = unquote(parts.path.rpartition("/")[2])
        sha256 = parts.fragment.removeprefix("sha256=") if parts.fragment.startswith("sha256=") else ""
        row = {"name": name, "url": href, "sha256": sha256, "python": values.get("data-requires-python") or ""}
        self.rows.append({**row, "yanked": "data-yanked" in values})


def _wheel(row: dict[str, Any], url: str, package: str) -> WheelFile | None:
    name = row["name"]
    if not isinstance(name, str) or not name.endswith(".whl") or "/" in name or len(name) > 300:
        return None
    parts = name.removesuffix(".whl").split("-")
    if len(parts) not in (5, 6) or normalised(parts[0]) != normalised(package) or "-".join(parts[-3:]) not in _ANYWHERE:
        return None
    sha256 = str(row["sha256"]).lower()
    full = urljoin(url, str(row["url"])).partition("#")[0]
    hashed = sha256 if _SHA256.match(sha256) else ""
    return WheelFile(name, full, parts[1].replace("_", "-"), hashed, str(row["python"])[:200], row["yanked"] is True)
