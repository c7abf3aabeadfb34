"""The configuration of the running system, as panels see and change it: what is written is valid, and applies at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.services.configuration import commands, edits
from crawdad.services.configuration.loading import Loaded
from crawdad.services.configuration.problems import Problem
from crawdad.services.configuration.source import Check, ConfigurationSource, Edit, Written
from crawdad.services.identity.principals import configured_principals


class RunningConfiguration:
    """Reads from the disk each time; writes through the text of the file, so that comments and unknown keys stay and what the
    environment says is never written down."""

    def __init__(self, source: ConfigurationSource, take: Callable[[Loaded], Awaitable[None]]) -> None:
        self._source = source
        self._take = take

    async def load(self) -> Loaded:
        """The configuration as the files have it now."""
        return await self._source.load()

    @property
    def path(self) -> str:
        """The main file."""
        return self._source.path

    @property
    def exists(self) -> bool:
        """Whether there was a main file when it was last looked for."""
        return self._source.loaded is not None and bool(self._source.loaded.hash)

    async def text(self) -> tuple[str, str]:
        """The text of the main file and its hash; empty where there is none. It holds secrets."""
        return await self._source.text()

    async def value(self, *, reveal: bool) -> tuple[dict[str, Any], str]:
        """What stands in the main file itself, and the hash of its text; empty where there is none. Secrets are in clear with
        `reveal`, else masked. Raises BAD_REQUEST where the file cannot be read."""
        return await self._source.value(reveal=reveal)

    async def problems_of(self, edit: Edit) -> tuple[Problem, ...]:
        """What would be wrong with the main file changed by `edit`; nothing is written. Raises BAD_REQUEST as `edit` does."""
        return await self._source.problems_of(edit)

    async def effective(self) -> dict[str, Any]:
        """Everything in effect, as plain JSON with secrets in clear, as of the last `load`."""
        value = (await commands.get(self._source, "", reveal=True)).value
        return value if isinstance(value, dict) else {}

    async def change(self, patch: Mapping[str, Any], base_hash: str | None = None) -> Written:
        """Apply a JSON merge patch (RFC 7396) to the main file and take it up.

        Raises BAD_REQUEST with the first problem in words when it would break something or have no effect (an included file
        says otherwise), CONFLICT when the text is no longer the one with `base_hash`. Then nothing was written.
        """
        return await self.write(
            lambda text: edits.merge_patch(text, dict(patch)), base_hash, commands.takes_effect(patch)
        )

    async def write(self, edit: Edit, base_hash: str | None = None, check: Check = lambda _: []) -> Written:
        """Change the text of the main file and take it up. Raises as `change` does."""

        def checked(loaded: Loaded) -> list[Problem]:
            if loaded.settings is not None:
                configured_principals(loaded.settings.gateway.auth)
            return check(loaded)

        written = await self._source.write(edit, base_hash, checked)
        if written.refused:
            problem = next(problem for problem in written.problems if problem.is_error)
            values = {"path": problem.path, "message": problem.message, "fix": problem.fix}
            details = {"code": "invalid_request", "param": problem.path, "problems": written.problems}
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("configuration.refused", values), details)
        await self._take(written.loaded)
        return written
