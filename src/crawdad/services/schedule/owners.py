"""In whose name jobs run: the living principal behind an id, or nobody."""

from __future__ import annotations

from collections.abc import Callable

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import EVERYTHING, KEY_DEFAULT, Permission, Principal
from crawdad.core.text import Text

OPERATOR_ID = "operator"
OPERATOR = Principal(OPERATOR_ID, "system", OPERATOR_ID, EVERYTHING)
"""Whoever has the machine itself: jobs made by commands and taken over from OpenClaw are theirs."""
PULSE = Principal("heartbeat", "system", "heartbeat", KEY_DEFAULT | {Permission.TOOLS_INVOKE})
Find = Callable[[str], Principal | None]
"""The living principal of an id, or None."""


def sees_all(principal: Principal) -> bool:
    """Whether somebody may see and change everybody's jobs."""
    return Permission.AGENTS_MANAGE in principal.permissions


class Owners:
    """Finds owners. `find` looks among those that may come in now."""

    def __init__(self, find: Find) -> None:
        self._find = find

    def principal(self, owner: str) -> Principal:
        """The owner, at work. Raises FORBIDDEN when the key was revoked, has expired or may no longer use agents: a job
        never runs as somebody else."""
        found = OPERATOR if owner == OPERATOR_ID else self._find(owner)
        if found is None or Permission.AGENTS_USE not in found.permissions:
            raise GatewayError(
                ErrorKind.FORBIDDEN, Text("cron.owner_gone", {"owner": owner[:64]}), {"code": "owner_gone"}
            )
        return found
