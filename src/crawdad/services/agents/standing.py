"""In whose name a turn is taken: whoever ordered it, with the rights and limits of the moment when it begins.

Between an order and its turn may lie a queue, a restart or a whole tree of sub-agents. A key that was revoked meanwhile takes
no turn any more, and one that was narrowed takes it within its new limits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.text import Text

Find = Callable[[str], Principal | None]
"""The living principal of an id, or None."""


def principal_now(ordered: Principal, find: Find) -> Principal:
    """Who ordered, as it stands now; never more than it could do when it ordered. Raises FORBIDDEN when it may no longer use
    agents. The gateway's own (its pulse, its hooks) have no key that could be taken from them."""
    if ordered.kind == "system":
        return ordered
    found = find(ordered.id)
    permissions = frozenset[Permission]() if found is None else found.permissions & ordered.permissions
    if found is None or Permission.AGENTS_USE not in permissions:
        words = Text("agents.owner_gone", {"owner": (ordered.name or ordered.id)[:64]})
        raise GatewayError(ErrorKind.FORBIDDEN, words, {"code": "owner_gone"})
    return replace(found, permissions=permissions)
