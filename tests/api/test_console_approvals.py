"""`/api/approvals` and `crawdad approvals` over a running server: questions are told, answered once, by those who may."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from crawdad.core.approvals import Approval, ApprovalRequest, fingerprint
from crawdad.store.approvals import ApprovalStore
from crawdad.store.database import open_database
from tests.support.server import Gateway, clean_environment, run_command, running_gateway, settings
from tests.support.waiting import PATIENCE

Json = dict[str, Any]
NOW = 4_000_000_000.0
REQUEST = ApprovalRequest(
    "exec",
    "git push",
    "main",
    "agent:main:main",
    "run",
    "call",
    "key",
    {"argv": ["git", "push"]},
    {"argv": ["git", "push"]},
)


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with running_gateway(settings({})) as running:
        yield running


@pytest.fixture
def admin(gateway: Gateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.base_url, headers=gateway.headers, timeout=PATIENCE) as client:
        yield client


def asked(gateway: Gateway, approval_id: str, *, for_good: bool = True) -> str:
    """A question as a turn leaves it."""
    approval = Approval(
        id=approval_id,
        kind="exec",
        summary=REQUEST.summary,
        agent_id="main",
        session_key=REQUEST.session_key,
        run_id="run",
        call_id="call",
        principal_id="key",
        fingerprint=fingerprint(REQUEST.binding),
        lasting=fingerprint(REQUEST.lasting or {}) if for_good else "",
        details={"argv": ["git", "push"], "cwd": "/w"},
        status="pending",
        created_at=NOW,
        expires_at=NOW + 60,
    )

    async def add() -> None:
        async with open_database(f"sqlite:///{gateway.home / 'crawdad.db'}") as database:
            await ApprovalStore(database).add(approval)

    asyncio.run(add())
    return approval_id


def command(gateway: Gateway, *arguments: str) -> tuple[int, Json]:
    words = ["--home", str(gateway.home), "--json", "approvals", *arguments]
    done = run_command(words, {**clean_environment(), "CRAWDAD_LANG": "en"})
    return done.returncode, json.loads(done.stdout or done.stderr or b"{}")


def test_a_question_is_told_and_answered_once(admin: httpx.Client, gateway: Gateway) -> None:
    which = asked(gateway, "ask1")
    [told] = [each for each in admin.get("/api/approvals?status=pending").json()["approvals"] if each["id"] == which]
    assert told["summary"] == "git push" and told["details"]["cwd"] == "/w" and told["can_be_remembered"]
    assert admin.get(f"/api/approvals/{which}").json()["status"] == "pending"
    answer = admin.post(f"/api/approvals/{which}", json={"decision": "allow-always"})
    assert answer.status_code == 200 and answer.json()["status"] == "allowed"
    assert admin.post(f"/api/approvals/{which}", json={"decision": "deny"}).status_code == 409
    [grant] = admin.get("/api/approvals/grants").json()["grants"]
    assert grant["summary"] == "git push" and grant["agent_id"] == "main"
    assert admin.delete(f"/api/approvals/grants/{grant['id']}").status_code == 204
    assert admin.delete(f"/api/approvals/grants/{grant['id']}").status_code == 404
    assert admin.get("/api/approvals/grants").json()["grants"] == []


def test_what_cannot_be_answered(admin: httpx.Client, gateway: Gateway) -> None:
    which = asked(gateway, "ask2", for_good=False)
    for body in ({}, {"decision": "perhaps"}, {"decision": "deny", "more": 1}, {"decision": None}):
        assert admin.post(f"/api/approvals/{which}", json=body).status_code == 422
    assert admin.post(f"/api/approvals/{which}", json={"decision": "allow-always"}).status_code == 400
    assert admin.post("/api/approvals/nothing", json={"decision": "deny"}).status_code == 404
    assert admin.get("/api/approvals/nothing").status_code == 404
    assert admin.get("/api/approvals?status=nonsense").status_code == 400
    assert admin.get(f"/api/approvals/{which}").json()["status"] == "pending"


def test_only_those_who_manage_agents(admin: httpx.Client, gateway: Gateway) -> None:
    which = asked(gateway, "ask3")
    user = admin.post("/api/keys", json={"name": "user"}).json()["key"]
    reader = admin.post("/api/keys", json={"name": "reader", "permissions": ["logs.read", "config.write"]}).json()[
        "key"
    ]
    cases: tuple[tuple[dict[str, str], int], ...] = (
        ({}, 401),
        ({"authorization": f"Bearer {user}"}, 401),
        ({"authorization": f"Bearer {reader}"}, 403),
    )
    for headers, status in cases:
        with httpx.Client(base_url=gateway.base_url, headers=headers, timeout=PATIENCE) as client:
            for answer in (
                client.get("/api/approvals"),
                client.get(f"/api/approvals/{which}"),
                client.post(f"/api/approvals/{which}", json={"decision": "allow-once"}),
                client.get("/api/approvals/grants"),
                client.delete("/api/approvals/grants/x"),
            ):
                assert answer.status_code == status, answer.text
    assert admin.get(f"/api/approvals/{which}").json()["status"] == "pending"


def test_from_the_command_line(admin: httpx.Client, gateway: Gateway) -> None:
    first, second = asked(gateway, "ask4"), asked(gateway, "ask5")
    code, told = command(gateway, "list")
    assert code == 0 and {first, second} <= {each["id"] for each in told["approvals"]}
    assert command(gateway, "allow", first)[0] == 0 and command(gateway, "deny", second)[0] == 0
    assert admin.get(f"/api/approvals/{first}").json()["status"] == "allowed"
    assert admin.get(f"/api/approvals/{second}").json()["status"] == "denied"
    assert command(gateway, "allow", second)[0] != 0 and command(gateway, "deny", "nothing")[0] != 0
