"""What a principal may do on the control channel, in the channel's scopes. Pure."""

from __future__ import annotations

from crawdad.core.identity import EVERYTHING, Permission, Principal
from crawdad.wire.control.scopes import ADMIN, APPROVALS, PAIRING, READ, SCOPES, WRITE

_READING = frozenset(
    {
        Permission.SYSTEM_READ,
        Permission.CONFIG_READ,
        Permission.LOGS_READ,
        Permission.STATISTICS_READ,
        Permission.AGENTS_MANAGE,
    }
)
_NEEDS: dict[str, frozenset[Permission]] = {
    READ: _READING,
    WRITE: _READING | {Permission.MODELS_USE, Permission.AGENTS_USE, Permission.TOOLS_INVOKE},
    APPROVALS: frozenset({Permission.AGENTS_MANAGE}),
    PAIRING: frozenset({Permission.KEYS_MANAGE}),
    ADMIN: EVERYTHING,
}
"""The channel shows everybody's sessions, settings and logs: who may not see them all has no business there."""


TALKING = _NEEDS[WRITE]
"""What somebody needs to talk with agents on the channel."""


def scopes_of(principal: Principal) -> tuple[str, ...]:
    """All scopes that a principal could have, whatever it asks for."""
    return tuple(scope for scope in SCOPES if _NEEDS[scope] <= principal.permissions)
