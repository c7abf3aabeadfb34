"""`/api/approvals`: what agents ask for, and the operator's answers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict

from crawdad.api.console.context import Console
from crawdad.core.approvals import Approval, ApprovalKind, ApprovalStatus, Decision, Grant
from crawdad.core.identity import Permission, Principal


class ApprovalTold(BaseModel):
    """A question and what became of it. Times are Unix seconds. `details` say what exactly would be done."""

    id: str
    kind: ApprovalKind
    summary: str
    agent_id: str
    session_key: str
    run_id: str
    principal_id: str
    details: dict[str, Any]
    status: ApprovalStatus
    can_be_remembered: bool
    created_at: float
    expires_at: float
    decided_at: float | None
    decided_by: str


class GrantTold(BaseModel):
    """What was allowed for good."""

    id: str
    kind: ApprovalKind
    summary: str
    agent_id: str
    details: dict[str, Any]
    created_at: float
    created_by: str
    last_used_at: float | None


class ApprovalsTold(BaseModel):
    """The newest questions, newest first."""

    approvals: list[ApprovalTold]


class GrantsTold(BaseModel):
    """What was allowed for good, newest first."""

    grants: list[GrantTold]


class Answer(BaseModel):
    """The operator's answer."""

    model_config = ConfigDict(extra="forbid")

    decision: Decision


def approval_routes(router: APIRouter, context: Console) -> None:
    """Add the routes."""
    approvals = context.approvals
    manager = Depends(context.need(Permission.AGENTS_MANAGE))

    @router.get("/api/approvals")
    async def list_approvals(
        status: Annotated[list[ApprovalStatus] | None, Query()] = None, by: Principal = manager
    ) -> ApprovalsTold:
        found = await approvals.list(status or ())
        return ApprovalsTold(approvals=[_told(approval) for approval in found])

    @router.get("/api/approvals/grants")
    async def list_grants(by: Principal = manager) -> GrantsTold:
        return GrantsTold(grants=[_granted(grant) for grant in await approvals.grants()])

    @router.delete("/api/approvals/grants/{grant_id}", status_code=204)
    async def revoke_grant(grant_id: str, by: Principal = manager) -> Response:
        await approvals.revoke(grant_id, by)
        return Response(status_code=204)

    @router.get("/api/approvals/{approval_id}")
    async def read_approval(approval_id: str, by: Principal = manager) -> ApprovalTold:
        return _told(await approvals.get(approval_id))

    @router.post("/api/approvals/{approval_id}")
    async def answer_approval(approval_id: str, answer: Answer, by: Principal = manager) -> ApprovalTold:
        return _told(await approvals.resolve(approval_id, answer.decision, by))


def _told(approval: Approval) -> ApprovalTold:
    return ApprovalTold(
        id=approval.id,
        kind=approval.kind,
        summary=approval.summary,
        agent_id=approval.agent_id,
        session_key=approval.session_key,
        run_id=approval.run_id,
        principal_id=approval.principal_id,
        details=approval.details,
        status=approval.status,
        can_be_remembered=bool(approval.lasting),
        created_at=approval.created_at,
        expires_at=approval.expires_at,
        decided_at=approval.decided_at,
        decided_by=approval.decided_by,
    )


def _granted(grant: Grant) -> GrantTold:
    return GrantTold(
        id=grant.id,
        kind=grant.kind,
        summary=grant.summary,
        agent_id=grant.agent_id,
        details=grant.details,
        created_at=grant.created_at,
        created_by=grant.created_by,
        last_used_at=grant.last_used_at,
    )
