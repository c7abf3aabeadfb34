"""Asking the operator: a question is kept, told on the bus, and waited for; an answer counts once, for just that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from crawdad.core.approvals import (
    APPROVAL_REQUESTED,
    APPROVAL_RESOLVED,
    Approval,
    ApprovalRequest,
    ApprovalStatus,
    Decision,
    Grant,
    fingerprint,
)
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import Event
from crawdad.core.identity import Permission, Principal
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Bus, Clock, Randomness
from crawdad.core.text import Text
from crawdad.core.tool_settings import ApprovalsSettings
from crawdad.store.approvals import ApprovalStore

_LOOK_SECONDS = 1.0
_TIDY_SECONDS = 600.0
_LONGEST_SUMMARY = 2000
GRANTED = "grant:"

_log = structlog.get_logger(__name__)


class ApprovalService:
    """`core.approvals.Approvals`, and what those who decide need."""

    def __init__(
        self,
        store: ApprovalStore,
        bus: Bus,
        clock: Clock,
        randomness: Randomness,
        settings: Callable[[], ApprovalsSettings],
    ) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._randomness = randomness
        self._settings = settings
        self._waiting: dict[str, set[asyncio.Event]] = {}

    async def ask(self, request: ApprovalRequest, *, remembered: bool = True) -> str:
        """See `core.approvals.Approvals`."""
        now = self._clock.now()
        lasting = fingerprint(request.lasting) if request.lasting is not None else ""
        if remembered and lasting and await self._store.grant(request.agent_id, lasting, now):
            return GRANTED + lasting
        mark = fingerprint(request.binding)
        if earlier := await self._store.allowed(request.session_key, mark, now):
            return earlier
        return await self._answer_to(await self._made(request, mark, lasting))

    async def put(self, request: ApprovalRequest, approval_id: str = "", seconds: float | None = None) -> Approval:
        """Ask without waiting; `settled` waits. Raises CONFLICT for an id that is taken."""
        lasting = fingerprint(request.lasting) if request.lasting is not None else ""
        made = await self._made(request, fingerprint(request.binding), lasting, approval_id, seconds)
        if approval_id and await self._store.get(approval_id) is not None:
            raise GatewayError(ErrorKind.CONFLICT, Text("approvals.pending"), {"param": "id"})
        await self._add(made)
        return made

    async def settled(self, approval_id: str) -> Approval:
        """A question once it is answered or over. Raises NOT_FOUND."""
        answered = asyncio.Event()
        self._waiting.setdefault(approval_id, set()).add(answered)
        try:
            while True:
                found = await self.get(approval_id)
                if found.status != "pending":
                    return found
                if self._clock.now() >= found.expires_at:
                    await self._store.expire(self._clock.now())
                    return await self.get(approval_id)
                await self._pause(answered, found.expires_at)
        finally:
            self._forget(approval_id, answered)

    async def _made(
        self, request: ApprovalRequest, mark: str, lasting: str, approval_id: str = "", seconds: float | None = None
    ) -> Approval:
        now = self._clock.now()
        if await self._store.pending_in(request.session_key, now) >= self._settings().most_pending:
            raise GatewayError(ErrorKind.RATE_LIMITED, Text("approvals.too_many"), {"code": "too_many_approvals"})
        return Approval(
            id=approval_id or self._randomness.new_id(),
            kind=request.kind,
            summary=request.summary[:_LONGEST_SUMMARY],
            agent_id=request.agent_id,
            session_key=request.session_key,
            run_id=request.run_id,
            call_id=request.call_id,
            principal_id=request.principal_id,
            fingerprint=mark,
            lasting=lasting,
            details=request.details,
            status="pending",
            created_at=now,
            expires_at=now + (self._settings().timeout_seconds if seconds is None else seconds),
        )

    async def use(self, allowed: str, request: ApprovalRequest) -> None:
        """See `core.approvals.Approvals`."""
        now = self._clock.now()
        if allowed.startswith(GRANTED):
            lasting = fingerprint(request.lasting) if request.lasting is not None else ""
            if allowed != GRANTED + lasting or await self._store.grant(request.agent_id, lasting, now) is None:
                raise _forbidden("approvals.changed", "changed")
            return
        if not await self._store.use(allowed, request.session_key, fingerprint(request.binding), now):
            raise _forbidden("approvals.changed", "changed")

    async def take(self, approval: Approval) -> bool:
        """Use an answer up that its asker brings back. False: there is none, it was used, or it is over."""
        now = self._clock.now()
        return await self._store.use(approval.id, approval.session_key, approval.fingerprint, now)

    async def list(self, statuses: Sequence[ApprovalStatus] = ()) -> list[Approval]:
        """The newest questions in these states."""
        await self._store.expire(self._clock.now())
        return await self._store.newest(statuses)

    async def get(self, approval_id: str) -> Approval:
        """A question. Raises NOT_FOUND."""
        found = await self._store.get(approval_id)
        if found is None:
            raise _not_found(approval_id)
        return found

    async def resolve(self, approval_id: str, decision: Decision, by: Principal) -> Approval:
        """Answer a question. Raises FORBIDDEN for whoever may not, NOT_FOUND, CONFLICT when it is answered or over, BAD_REQUEST
        when it cannot be allowed for good."""
        by.need(Permission.AGENTS_MANAGE)
        found = await self.get(approval_id)
        if decision == "allow-always" and not found.lasting:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("approvals.not_for_good"), {"param": "decision"})
        now = self._clock.now()
        status: ApprovalStatus = "denied" if decision == "deny" else "allowed"
        until = now + self._settings().timeout_seconds if status == "allowed" else None
        if not await self._store.decide(approval_id, status, now, by.id, until):
            raise GatewayError(ErrorKind.CONFLICT, Text("approvals.over"), {"param": "id"})
        if decision == "allow-always":
            await self._store.add_grant(
                Grant(
                    id=self._randomness.new_id(),
                    kind=found.kind,
                    summary=found.summary,
                    agent_id=found.agent_id,
                    lasting=found.lasting,
                    details=found.details,
                    created_at=now,
                    created_by=by.id,
                )
            )
        self._wake(approval_id)
        await self._bus.publish(
            Event(
                APPROVAL_RESOLVED,
                {"id": approval_id, "status": status, "decision": decision, "by": by.id, "at": now},
                now,
            )
        )
        return await self.get(approval_id)

    async def grants(self) -> Sequence[Grant]:
        """What was allowed for good."""
        return await self._store.grants()

    async def revoke(self, grant_id: str, by: Principal) -> None:
        """Take back what was allowed for good. Raises NOT_FOUND."""
        by.need(Permission.AGENTS_MANAGE)
        if not await self._store.delete_grant(grant_id):
            raise _not_found(grant_id)

    async def follow(self) -> None:
        """Wake those who wait when another process was told the answer. Runs until cancelled."""
        async for event in self._bus.subscribe((APPROVAL_RESOLVED,)):
            self._wake(str(event.data.get("id", "")))

    async def keep_tidy(self) -> None:
        """Say what is over, and forget what is old. Runs until cancelled."""
        while True:
            now = self._clock.now()
            try:
                await self._store.expire(now)
                await self._store.delete_before(now - self._settings().keep_days * 86_400)
            except GatewayError as error:
                _log.warning("approvals_not_tidied", reason=error.message())
            await self._clock.sleep(_TIDY_SECONDS)

    async def _answer_to(self, approval: Approval) -> str:
        answered = asyncio.Event()
        self._waiting.setdefault(approval.id, set()).add(answered)
        try:
            await self._add(approval)
            while True:
                found = await self._store.get(approval.id)
                status = "expired" if found is None else found.status
                if status == "allowed":
                    return approval.id
                if status == "denied":
                    raise _forbidden("approvals.denied", "denied")
                if status != "pending" or self._clock.now() >= approval.expires_at:
                    await self._store.expire(self._clock.now())
                    raise _forbidden("approvals.unanswered", "unanswered")
                await self._pause(answered, approval.expires_at)
        except asyncio.CancelledError:  # the turn is over: nobody is to be asked in vain
            await self._store.decide(approval.id, "expired", self._clock.now(), "")
            raise
        finally:
            self._forget(approval.id, answered)

    async def _add(self, approval: Approval) -> None:
        """Keep a question, and tell of it."""
        await self._store.add(approval)
        await self._bus.publish(Event(APPROVAL_REQUESTED, told_of(approval), approval.created_at))

    def _forget(self, approval_id: str, answered: asyncio.Event) -> None:
        waiting = self._waiting.get(approval_id, set())
        waiting.discard(answered)
        if not waiting:
            self._waiting.pop(approval_id, None)

    async def _pause(self, answered: asyncio.Event, until: float) -> None:
        """Until somebody told this process, or a while: answers may come through the database alone."""
        left = max(0.0, until - self._clock.now())
        try:
            async with asyncio.timeout(min(_LOOK_SECONDS, left)):
                await answered.wait()
            answered.clear()
        except TimeoutError:
            pass

    def _wake(self, approval_id: str) -> None:
        for waiting in self._waiting.get(approval_id, ()):
            waiting.set()


def told_of(approval: Approval) -> JsonObject:
    """A question as it is told on the bus."""
    told: JsonObject = {"id": approval.id, "kind": approval.kind, "agentId": approval.agent_id}
    told |= {"sessionKey": approval.session_key, "summary": approval.summary, "details": approval.details}
    return told | {"createdAt": approval.created_at, "expiresAt": approval.expires_at}


def _forbidden(key: str, code: str) -> GatewayError:
    return GatewayError(ErrorKind.FORBIDDEN, Text(key), {"code": code})


def _not_found(approval_id: str) -> GatewayError:
    return GatewayError(ErrorKind.NOT_FOUND, Text("approvals.not_found", {"id": approval_id[:100]}), {"param": "id"})
