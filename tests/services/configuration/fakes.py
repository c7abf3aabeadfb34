"""Files in memory and a box that seals by turning texts round, for tests of what the configuration decides."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from types import MappingProxyType

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.files import MISSING, FileText
from crawdad.core.text import Text
from crawdad.services.configuration.source import ConfigurationSource

MAIN = "/srv/crawdad/openclaw.json"


class FakeFiles:
    """`crawdad.core.files.TextFiles` over a dict. `locked` names paths that cannot be written; `links` are symbolic;
    `happenings` is what a watcher sees happen."""

    def __init__(self, **texts: str) -> None:
        self.texts = dict(texts)
        self.locked: set[str] = set()
        self.links: dict[str, str] = {}
        self.happenings: list[Callable[[], None]] = []
        self.before_replace: Callable[[], None] = lambda: None

    async def read(self, path: str, within: str | None = None) -> FileText | None:
        real_path = self.links.get(path, path)
        if within is not None and not real_path.startswith(within + "/"):
            raise GatewayError(ErrorKind.FORBIDDEN, Text("files.outside", {"path": path, "folder": within}))
        text = self.texts.get(real_path)
        return FileText(path, real_path, text, _hash(text)) if text is not None else None

    async def replace(self, path: str, text: str, base_hash: str, backup: str | None = None) -> str:
        self.before_replace()
        if path in self.locked:
            raise GatewayError(ErrorKind.FORBIDDEN, Text("files.failed", {"path": path, "reason": "locked"}))
        if (_hash(self.texts[path]) if path in self.texts else MISSING) != base_hash:
            raise GatewayError(ErrorKind.CONFLICT, Text("files.changed", {"path": path}))
        if backup is not None:
            self.texts[f"{path}.bak"] = backup
        self.texts[path] = text
        return _hash(text)

    async def backups(self, path: str) -> list[FileText]:
        found = [await self.read(f"{path}.bak")]
        return [file for file in found if file]

    async def watch(self, paths: Callable[[], Iterable[str]]) -> AsyncGenerator[None, None]:
        yield
        while self.happenings:
            self.happenings.pop(0)()
            yield


class FakeBox:
    """`crawdad.core.ports.SecretBox`. With `broken` it has no key."""

    def __init__(self, broken: bool = False) -> None:
        self.broken = broken

    def encrypt(self, value: str) -> str:
        self._check()
        return "enc:v1:" + value[::-1]

    def decrypt(self, token: str) -> str:
        self._check()
        return token.removeprefix("enc:v1:")[::-1]

    def _check(self) -> None:
        if self.broken:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("secret_box.no_key", {"path": "/srv/crawdad/secret.key"}))


def source_of(
    text: str | None,
    environment: dict[str, str] | None = None,
    box: FakeBox | None = None,
    others: Mapping[str, str] = MappingProxyType({}),
) -> tuple[ConfigurationSource, FakeFiles]:
    """A configuration whose main file says `text` (None: there is none); `others` are files beside it, by name."""
    files = FakeFiles()
    if text is not None:
        files.texts[MAIN] = text
    for name, content in others.items():
        files.texts[f"/srv/crawdad/{name}.json5"] = content
    return ConfigurationSource(MAIN, files, environment or {}, box or FakeBox()), files


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
