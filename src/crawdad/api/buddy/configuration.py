"""`/v1/openclaw/config`: the configuration's file as a text, without its secrets, and whether another text would do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request, Response

from crawdad.api.buddy.bodies import body_of
from crawdad.api.buddy.changes import changed
from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.api.management.contract_route import language_of
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import Permission, Principal
from crawdad.core.parts import JsonObject
from crawdad.core.tasks import Report, TaskOrder
from crawdad.core.text import Language, Text
from crawdad.services.configuration.problems import Problem

_PATH = "/v1/openclaw/config"
_MOST_BYTES = 4 * 1024 * 1024
_TEXTS = ("content", "raw", "config")


def configuration_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes. Secrets are never shown here, whoever asks; a text that brings their placeholders back keeps them."""
    editor = context.editor
    may_read = Depends(context.access.need(Permission.CONFIG_READ))
    may_write = Depends(context.access.need(Permission.CONFIG_WRITE))

    @router.get(_PATH, dependencies=[may_read])
    async def shown(request: Request, response: Response) -> dict[str, Any]:
        found = await editor.show()
        response.headers["cache-control"] = "no-store"
        return success(
            {
                "path": found.path,
                "exists": found.exists,
                "content": found.raw,
                "config": found.parsed,
                "hash": found.hash,
                **_verdict(found.problems, language_of(request)),
            }
        )

    @router.post(_PATH, response_model=None)
    async def save(request: Request, principal: Principal = may_write) -> dict[str, Any] | Response:
        """`{content, hash?}`: a text (or an object) in place of the present one, in effect at once. With `hash` only where it
        is still the one that was read (409)."""
        body = await body_of(request, _MOST_BYTES)
        text, base = _text_in(body), body.get("hash", body.get("baseHash"))
        if base is not None and not isinstance(base, str):
            raise bad_request("buddy.bad_name", "hash", name="hash")

        async def work(_: Report) -> JsonObject:
            known = base if base is not None else (await context.configuration.text())[1]
            return {"hash": (await editor.replace(text, known)).hash}

        order = TaskOrder("config.save", Text("buddy.config.save"), exclusive="config", owner=principal.id)
        return await changed(context.tasks, request, order, work, Text("buddy.config.save.done"))

    @router.post(f"{_PATH}/validate", dependencies=[may_write])
    async def validate(request: Request) -> dict[str, Any]:
        """Whether a text would do; nothing is written."""
        text, language = _text_in(await body_of(request, _MOST_BYTES)), language_of(request)
        try:
            return success(_verdict(await editor.problems_of(text), language))
        except GatewayError as error:
            if error.kind is not ErrorKind.BAD_REQUEST:
                raise
            fault = {"path": str(error.details.get("param", "")), "message": error.message(language)}
            return success({"valid": False, "errors": [fault], "warnings": []})


def _text_in(body: dict[str, Any]) -> str:
    """The text. Raises BAD_REQUEST where there is none."""
    given = next((body[name] for name in _TEXTS if body.get(name) is not None), None)
    if isinstance(given, dict):
        return orjson.dumps(given, option=orjson.OPT_INDENT_2).decode()
    if not isinstance(given, str) or not given.strip():
        raise bad_request("buddy.missing", _TEXTS[0], name=_TEXTS[0])
    return given


def _verdict(problems: Iterable[Problem], language: Language) -> JsonObject:
    told = [(problem.is_error, _told(problem, language)) for problem in problems]
    return {
        "valid": not any(is_error for is_error, _ in told),
        "errors": [each for is_error, each in told if is_error],
        "warnings": [each for is_error, each in told if not is_error],
    }


def _told(problem: Problem, language: Language) -> JsonObject:
    words = f"{problem.message.render(language)} {problem.fix.render(language)}".strip()
    return {"path": problem.path, "message": words}
