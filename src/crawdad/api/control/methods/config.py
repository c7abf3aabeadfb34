"""`config.*`: the configuration, read and written from afar. What is written applies at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from crawdad import __version__
from crawdad.api.control import config_schema
from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Language, Text
from crawdad.services.configuration.editing import Shown
from crawdad.services.configuration.problems import Problem
from crawdad.wire.control.schema import FILLED, NOTHING, STRING, closed, integer
from crawdad.wire.control.scopes import ADMIN, READ

_SET = closed({"raw": FILLED, "baseHash": FILLED}, "raw")
_APPLY = closed(
    {"raw": FILLED, "baseHash": FILLED, "sessionKey": STRING, "note": STRING, "restartDelayMs": integer(0)}, "raw"
)
_APPLIED = "{ok, path, config, restart, sentinel}"


def methods(control: Control) -> list[Method]:
    """The methods of this subject."""
    answers = _Configuration(control)
    shown = "{path, exists, raw, parsed, resolved, valid, config, hash, issues[], warnings[], legacyIssues[]}"
    return [
        Method("config.get", READ, answers.get, NOTHING, shown),
        Method("config.set", ADMIN, answers.set, _SET, "{ok, path, config}"),
        Method("config.apply", ADMIN, answers.apply, _APPLY, _APPLIED),
        Method("config.patch", ADMIN, answers.patch, _APPLY, _APPLIED),
        Method("config.schema", READ, answers.schema, NOTHING, "{schema, uiHints, version, generatedAt}"),
        Method(
            "config.schema.lookup",
            READ,
            answers.lookup,
            closed({"path": FILLED}, "path"),
            "{path, schema, hint?, hintPath?, children[]}",
        ),
    ]


class _Configuration:
    def __init__(self, control: Control) -> None:
        self._control = control
        self._editor = control.configuration

    async def get(self, asked: Asked) -> Any:
        shown = await self._editor.show()
        return {
            "path": shown.path,
            "exists": shown.exists,
            "raw": shown.raw,
            "parsed": shown.parsed,
            "resolved": shown.parsed,
            "valid": not any(problem.is_error for problem in shown.problems),
            "config": shown.effective,
            "hash": shown.hash,
            "issues": [_issue(problem, asked.language) for problem in shown.problems if problem.is_error],
            "warnings": [_issue(problem, asked.language) for problem in shown.problems if not problem.is_error],
            "legacyIssues": [],
        }

    async def set(self, asked: Asked) -> Any:
        return _written(await self._write(asked, whole=True))

    async def apply(self, asked: Asked) -> Any:
        return {**_written(await self._write(asked, whole=True)), **_taken_up("config.apply")}

    async def patch(self, asked: Asked) -> Any:
        return {**_written(await self._write(asked, whole=False)), **_taken_up("config.patch")}

    async def schema(self, asked: Asked) -> Any:
        return {
            "schema": config_schema.schema(),
            "uiHints": config_schema.hints(asked.language),
            "version": __version__,
            "generatedAt": datetime.fromtimestamp(self._control.clock.now(), UTC).isoformat(timespec="milliseconds"),
        }

    async def lookup(self, asked: Asked) -> Any:
        return config_schema.lookup(asked.params["path"], asked.language)

    async def _write(self, asked: Asked, *, whole: bool) -> Shown:
        write = self._editor.replace if whole else self._editor.patch
        try:
            return await write(asked.params["raw"], asked.params.get("baseHash"))
        except GatewayError as error:
            if error.kind is not ErrorKind.BAD_REQUEST:
                raise
            problems = error.details.get("problems", ())
            found = [problem for problem in problems if isinstance(problem, Problem) and problem.is_error]
            issues = [_issue(problem, asked.language) for problem in found]
            issues = issues or [{"path": str(error.details.get("param", "")), "message": error.message(asked.language)}]
            text = Text("configuration.invalid")
            raise GatewayError(ErrorKind.BAD_REQUEST, text, {"wire": {"issues": issues}}) from error


def _issue(problem: Problem, language: Language) -> JsonObject:
    words = f"{problem.message.render(language)} {problem.fix.render(language)}"
    return {"path": problem.path, "message": words.strip()}


def _written(shown: Shown) -> JsonObject:
    return {"ok": True, "path": shown.path, "config": shown.parsed}


def _taken_up(reason: str) -> JsonObject:
    """Nothing restarts: what was written applies already."""
    return {"restart": {"ok": True, "mode": "reload", "delayMs": 0, "reason": reason}, "sentinel": None}
