"""Roles and scopes of the control channel: which there are, and which of them holds which."""

from __future__ import annotations

from collections.abc import Collection

READ = "operator.read"
WRITE = "operator.write"
ADMIN = "operator.admin"
APPROVALS = "operator.approvals"
PAIRING = "operator.pairing"
SCOPES = (ADMIN, READ, WRITE, APPROVALS, PAIRING)

OPERATOR = "operator"
NODE = "node"
ROLES = (OPERATOR, NODE)


def holds(scopes: Collection[str], wanted: str) -> bool:
    """Whether `scopes` suffice for `wanted`: an administrator may everything, who writes may read."""
    return ADMIN in scopes or wanted in scopes or (wanted == READ and WRITE in scopes)


def known(scopes: Collection[str]) -> tuple[str, ...]:
    """Those of `scopes` that there are, each once, sorted."""
    return tuple(sorted({scope for scope in scopes if scope in SCOPES}))


def within(scopes: Collection[str], ceiling: Collection[str]) -> tuple[str, ...]:
    """Those of `scopes` that `ceiling` holds, sorted."""
    return tuple(scope for scope in known(scopes) if holds(ceiling, scope))


def beyond(scopes: Collection[str], ceiling: Collection[str]) -> str | None:
    """The first of `scopes` that `ceiling` does not hold."""
    return next((scope for scope in sorted(set(scopes)) if not holds(ceiling, scope)), None)
