"""The configuration of a running system: loaded, kept up to date, changed, its secrets sealed."""

from __future__ import annotations

import asyncio
import os.path
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.files import MISSING, FileText, TextFiles
from crawdad.core.ports import SecretBox
from crawdad.core.text import Text
from crawdad.services.configuration import edits
from crawdad.services.configuration.difference import NO_DIFFERENCE, Difference, difference
from crawdad.services.configuration.evaluation import Evaluation, Surroundings, evaluate
from crawdad.services.configuration.findings import Findings
from crawdad.services.configuration.loading import Loaded
from crawdad.services.configuration.problems import Problem
from crawdad.services.configuration.redaction import redacted
from crawdad.services.configuration.sealing import needs_sealing, revealed, sealed
from crawdad.services.configuration.workspaces import workspaces_of

_TRIES = 10


@dataclass(frozen=True, slots=True)
class Written:
    """What became of an edit: refused when `problems` holds errors that were not there before it.

    `written` is False also when the edit changed nothing. `loaded` is the configuration as it now is.
    """

    written: bool
    problems: tuple[Problem, ...]
    loaded: Loaded
    difference: Difference = NO_DIFFERENCE

    @property
    def refused(self) -> bool:
        """Whether the edit was not made because it would break something."""
        return any(problem.is_error for problem in self.problems)


Edit = Callable[[str], str]
"""From the text of the main file to its new text; raises `GatewayError` when that cannot be."""

Check = Callable[[Loaded], list[Problem]]
"""What else may be wrong with the configuration an edit would lead to."""


def _no_check(_: Loaded) -> list[Problem]:
    return []


class ConfigurationSource:
    """The configuration file and all it includes.

    One per process. The running server loads with `seal=True`; short commands leave the file as it is until they write.
    Concurrent writers, in this process or another, never lose each other's changes: a write is tied to the hash of the
    text it was made from.
    """

    def __init__(
        self, path: str, files: TextFiles, environment: Mapping[str, str], box: SecretBox, home: str | None = None
    ) -> None:
        """`home`: the folder of the gateway's state, where the main file does not lie in it."""
        self.path = path
        self.loaded: Loaded | None = None
        self._files = files
        self._box = box
        self._surroundings = Surroundings(path, files, environment, box, home or os.path.dirname(path))
        self._lock = asyncio.Lock()

    async def load(self, seal: bool = False) -> Loaded:
        """Read the files, for the first time or again.

        When they have errors, or the main file has vanished, the settings of an earlier load are kept (`kept`) and the
        problems are those of the files. With `seal`, secrets in plain text are encrypted in place.
        """
        async with self._lock:
            return await self._load(seal)

    async def text(self) -> tuple[str, str]:
        """The text of the main file and its hash; empty where there is none."""
        main = await self._files.read(self.path)
        return (main.text, main.hash) if main else ("", MISSING)

    async def value(self, *, reveal: bool) -> tuple[dict[str, Any], str]:
        """What stands in the main file itself, and the hash of its text; empty where there is none. Secrets are in clear with
        `reveal`, else `REDACTED`. Raises BAD_REQUEST where the file cannot be read."""
        text, digest = await self.text()
        value = await asyncio.to_thread(edits.value_of, text)
        shown = asyncio.to_thread(revealed, value, self._box) if reveal else asyncio.to_thread(redacted, value)
        return await shown, digest

    async def sealed_texts(self) -> tuple[Loaded, list[tuple[str, str]]]:
        """The configuration as its files have it now, and the text of each file with the plain secrets in it encrypted, by
        its path. Nothing is written, and what counts stays what it was. Raises UNAVAILABLE where there is no key."""
        evaluation = await self._evaluated()
        mounts: dict[str, list[tuple[str | int, ...]]] = {}
        texts: dict[str, FileText] = {}
        for source in evaluation.sources:
            mounts.setdefault(source.file.path, []).append(source.mount)
            texts[source.file.path] = source.file
        found = []
        for path, file in texts.items():
            found.append((path, await asyncio.to_thread(sealed, file.text, mounts[path], self._box)))
        return evaluation.loaded, found

    async def changes(self, since: Loaded, seal: bool = False) -> AsyncGenerator[Loaded, None]:
        """The configuration as loaded after each change of its files since `since`, whoever made the change.

        Valid or not: a consumer takes up `settings` and tells of `problems`.
        """
        told = since.fingerprint
        async with aclosing(self._files.watch(lambda: self.loaded.files if self.loaded else since.files)) as events:
            async for _ in events:
                loaded = await self.load(seal)
                if loaded.fingerprint != told:
                    told = loaded.fingerprint
                    yield loaded

    async def write(self, edit: Edit, base_hash: str | None = None, check: Check = _no_check) -> Written:
        """Change the main file by `edit`, unless that would bring new errors.

        With `base_hash` the text must still be the one with that hash (CONFLICT otherwise); without it the edit is made
        to whatever the text is by then. The old text becomes a numbered backup; plain secrets are sealed in both.
        """
        async with self._lock:
            for _ in range(_TRIES - 1):
                try:
                    return await self._write(edit, base_hash, check)
                except GatewayError as error:
                    if error.kind is not ErrorKind.CONFLICT or base_hash is not None:
                        raise
            return await self._write(edit, base_hash, check)

    async def problems_of(self, edit: Edit) -> tuple[Problem, ...]:
        """What would be wrong with the main file changed by `edit`; nothing is written."""
        main = await self._files.read(self.path)
        real_path = main.real_path if main else self.path
        text = await asyncio.to_thread(edit, main.text if main else "")
        established = workspaces_of(self.loaded.settings if self.loaded else None)
        file = FileText(self.path, real_path, text, "")
        candidate = await evaluate(file, self._surroundings, Findings(), established)
        return tuple(candidate.loaded.problems)

    async def _load(self, seal: bool) -> Loaded:
        evaluation = await self._evaluated()
        if seal and await asyncio.to_thread(_wants_sealing, evaluation):
            problems = await self._seal(evaluation)
            evaluation = await self._evaluated(problems)
        return self._keep(evaluation.loaded)

    async def _evaluated(self, problems: tuple[Problem, ...] = ()) -> Evaluation:
        """The files as they are now. `problems` were found on the way here."""
        findings = Findings(problems)
        main: FileText | None = None
        try:
            main = await self._files.read(self.path)
        except GatewayError as error:
            findings.error("unreadable", (), None, path=self.path, reason=error.text)
        before = self.loaded
        if main is None and before is not None and (before.hash != MISSING or before.kept):
            findings.error("vanished", (), None, path=self.path)
        return await evaluate(main, self._surroundings, findings)

    def _keep(self, fresh: Loaded) -> Loaded:
        """Remember what was loaded; where it is not valid, with the settings there were before."""
        before = self.loaded
        if fresh.settings is None and before is not None and before.settings is not None:
            fresh = replace(fresh, settings=before.settings, root=before.root, kept=True)
        self.loaded = fresh
        return fresh

    async def _write(self, edit: Edit, base_hash: str | None, check: Check) -> Written:
        main = await self._files.read(self.path)
        old_text, old_hash = (main.text, main.hash) if main else ("", MISSING)
        if base_hash is not None and base_hash != old_hash:
            raise GatewayError(ErrorKind.CONFLICT, Text("configuration.conflict"), {"hash": old_hash})
        new_text = await asyncio.to_thread(edit, old_text)
        before = (await evaluate(main, self._surroundings, Findings())).loaded
        real_path = main.real_path if main else self.path
        file = FileText(self.path, real_path, new_text, "")
        candidate = await evaluate(file, self._surroundings, Findings(), workspaces_of(before.settings))
        known = {problem.identity for problem in before.problems}
        fresh = tuple(p for p in candidate.loaded.problems if p.identity not in known)
        problems = (*fresh, *check(candidate.loaded))
        refused = any(problem.is_error for problem in problems)
        if refused or new_text == old_text:
            return Written(False, problems, self._keep(before))
        backup: str | None = old_text if main else None
        if candidate.loaded.settings is None or candidate.loaded.settings.secrets.seal_configuration:
            new_text = await asyncio.to_thread(sealed, new_text, [()], self._box)
            backup = await asyncio.to_thread(sealed, old_text, [()], self._box) if main else None
        await self._files.replace(self.path, new_text, old_hash, backup)
        after = self._keep((await self._evaluated()).loaded)
        changed = difference(before.settings, after.settings) if before.settings and after.settings else NO_DIFFERENCE
        return Written(True, problems, after, changed)

    async def _seal(self, evaluation: Evaluation) -> tuple[Problem, ...]:
        """Encrypt the plain secrets of every file, and of the backups of the main file."""
        findings = Findings()
        files = {source.file.real_path: source.file for source in evaluation.sources}
        for real_path, file in files.items():
            mounts = [source.mount for source in evaluation.sources if source.file.real_path == real_path]
            await self._seal_file(file, mounts, findings)
        for backup in await self._files.backups(self.path):
            await self._seal_file(backup, [()], findings)
        return tuple(findings.problems)

    async def _seal_file(self, file: FileText, mounts: list[tuple[str | int, ...]], findings: Findings) -> None:
        try:
            text = await asyncio.to_thread(sealed, file.text, mounts, self._box)
            if text != file.text:
                await self._files.replace(file.path, text, file.hash)
        except GatewayError as error:
            findings.warning("unsealed", (), None, path=file.path, reason=error.text)


def _wants_sealing(evaluation: Evaluation) -> bool:
    settings = evaluation.loaded.settings
    if settings is None or not settings.secrets.seal_configuration:
        return False
    return any(needs_sealing(source.root, source.mount) for source in evaluation.sources)
