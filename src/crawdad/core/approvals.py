"""Approvals: what an agent may do only when the operator has said so, and to what exactly he said it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Literal, Protocol

from crawdad.core.parts import JsonObject

Decision = Literal["allow-once", "allow-always", "deny"]
ApprovalKind = Literal["exec", "file", "tool", "request"]
"""`request`: somebody wants to be a friend, or have the bot in a group, on a chat platform."""
ApprovalStatus = Literal["pending", "allowed", "used", "denied", "expired"]

APPROVAL_REQUESTED = "approvals.requested"
APPROVAL_RESOLVED = "approvals.resolved"
"""Topics of the bus. `data` holds `id`, and of a request also `kind`, `agentId`, `sessionKey`, `summary`, `details`,
`createdAt` and `expiresAt`; of an answer `status`, `decision`, `by` and `at`."""


def fingerprint(binding: JsonObject) -> str:
    """The mark of exactly this. `binding` is plain JSON; the order of its keys does not matter."""
    text = json.dumps(binding, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """What is asked.

    `binding` is all that the answer is about: another value of anything in it is another question. `lasting` is what an
    answer for good would be about; None: it cannot be given for good. `details` are shown to whoever decides and must hold
    no secrets.
    """

    kind: ApprovalKind
    summary: str
    agent_id: str
    session_key: str
    run_id: str
    call_id: str
    principal_id: str
    binding: JsonObject
    lasting: JsonObject | None = None
    details: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Approval:
    """A question and what became of it. Times are Unix seconds."""

    id: str
    kind: ApprovalKind
    summary: str
    agent_id: str
    session_key: str
    run_id: str
    call_id: str
    principal_id: str
    fingerprint: str
    lasting: str
    """The mark of what an answer for good would be about; empty: there is none."""
    details: JsonObject
    status: ApprovalStatus
    created_at: float
    expires_at: float
    decided_at: float | None = None
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """An answer that was given for good, to one agent."""

    id: str
    kind: ApprovalKind
    summary: str
    agent_id: str
    lasting: str
    details: JsonObject
    created_at: float
    created_by: str
    last_used_at: float | None = None


class Approvals(Protocol):
    """Asks, waits, and lets through what was allowed, once."""

    async def ask(self, request: ApprovalRequest, *, remembered: bool = True) -> str:
        """Wait until it is allowed. Returns what `use` is to be told. Raises FORBIDDEN when it is denied or nobody answers
        (`details["code"]` is `denied` or `unanswered`). With `remembered`, an answer given for good counts."""

    async def use(self, allowed: str, request: ApprovalRequest) -> None:
        """Use up what was allowed, right before it is done. Raises FORBIDDEN when `request` is not what was asked by then, or
        it was used already, or too late."""
