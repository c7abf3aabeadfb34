"""`/v1/openclaw/chat/quick-commands`: what people often say, to be said again at a touch."""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter, Depends, Request

from crawdad.api.buddy.bodies import body_of
from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.api.management.contract_route import language_of
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission
from crawdad.core.text import Language, Text
from crawdad.services.quick_commands import LONGEST_ICON, LONGEST_LABEL, LONGEST_PROMPT, QuickCommand

_PATH = "/v1/openclaw/chat/quick-commands"
_NUMBER = re.compile(r"[0-9]{1,15}\Z", re.ASCII)


def quick_command_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes."""
    commands = context.quick_commands
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))
    may_change = Depends(context.access.need(Permission.SYSTEM_MANAGE))

    @router.get(_PATH, dependencies=[may_read])
    async def listed(request: Request) -> dict[str, Any]:
        language = language_of(request)
        return success([_row(command, language) for command in await commands.listed()])

    @router.post(_PATH, dependencies=[may_change])
    async def add(request: Request) -> dict[str, Any]:
        given = await body_of(request)
        made = await commands.add(
            _text(given, "label", LONGEST_LABEL),
            _text(given, "prompt", LONGEST_PROMPT),
            _text(given, "icon", LONGEST_ICON) if given.get("icon") else "",
        )
        return success({"id": made.id, "status": "success"})

    @router.delete(_PATH + "/{number}", dependencies=[may_change])
    async def delete(number: str) -> dict[str, Any]:
        if not _NUMBER.match(number):
            raise GatewayError(
                ErrorKind.BAD_REQUEST, Text("buddy.no_number", {"field": "id"}), {"code": "invalid_request"}
            )
        await commands.delete(int(number))
        return success({"status": "success"})


def _row(command: QuickCommand, language: Language) -> dict[str, Any]:
    return {
        "id": command.id,
        "label": _words(command.label, language),
        "prompt": _words(command.prompt, language),
        "icon": command.icon,
        "is_system": command.is_system,
    }


def _words(words: Text | str, language: Language) -> str:
    return words.render(language) if isinstance(words, Text) else words


def _text(given: dict[str, Any], field: str, most: int) -> str:
    value = given.get(field)
    if isinstance(value, str) and value.strip() and len(value) <= most:
        return value
    words = Text("buddy.no_text", {"field": field, "most": most})
    raise GatewayError(ErrorKind.BAD_REQUEST, words, {"code": "invalid_request", "param": field})
