"""Approvals over the database: an answer counts once, for exactly what was asked (attack case 41)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from crawdad.core.approvals import APPROVAL_REQUESTED, ApprovalRequest, Decision
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import Event
from crawdad.core.identity import Principal
from crawdad.core.tool_settings import ApprovalsSettings
from crawdad.services.tools.approvals import ApprovalService
from crawdad.store.approvals import ApprovalStore
from crawdad.store.database import Database
from crawdad.store.inprocess import InProcessBus
from tests.support.fakes import FakeClock, FakeRandomness
from tests.support.tools import OPERATOR
from tests.support.waiting import until

ASKED = ApprovalRequest(
    kind="exec",
    summary="git push",
    agent_id="main",
    session_key="agent:main:main",
    run_id="run1",
    call_id="call1",
    principal_id="key_1",
    binding={"argv": ["git", "push"], "cwd": "/w", "sha256": "aa"},
    lasting={"argv": ["git", "push"], "sha256": "aa"},
)


class Service(ApprovalService):
    """With its clock and its store at hand."""

    clock: FakeClock
    store: ApprovalStore


def service(database: Database, bus: InProcessBus | None = None, **settings: float) -> Service:
    clock, store = FakeClock(), ApprovalStore(database)
    made = Service(store, bus or InProcessBus(), clock, FakeRandomness(), lambda: ApprovalsSettings(**settings))
    made.clock, made.store = clock, store
    return made


async def pending(service: Service) -> str:
    """The id of the one question that waits, once it is there."""
    found = await until(lambda: service.list(("pending",)), "a question")
    return found[0].id


async def answered(service: Service, decision: Decision, request: ApprovalRequest = ASKED) -> str:
    """What asking returns when it is answered so."""
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(service.ask(request))
        await service.resolve(await pending(service), decision, OPERATOR)
    return asking.result()


async def refused(service: Service, allowed: str, request: ApprovalRequest) -> None:
    with pytest.raises(GatewayError) as error:
        await service.use(allowed, request)
    assert error.value.kind is ErrorKind.FORBIDDEN and error.value.details["code"] == "changed"


async def test_allowed_once_is_used_once(database: Database) -> None:
    approvals = service(database)
    allowed = await answered(approvals, "allow-once")
    await approvals.use(allowed, ASKED)
    await refused(approvals, allowed, ASKED)
    assert (await approvals.get(allowed)).status == "used"


@pytest.mark.parametrize(
    "other",
    [
        replace(ASKED, binding={**ASKED.binding, "argv": ["git", "push", "--force"]}),
        replace(ASKED, binding={**ASKED.binding, "sha256": "bb"}),
        replace(ASKED, binding={**ASKED.binding, "cwd": "/elsewhere"}),
        replace(ASKED, session_key="agent:main:direct:eve"),
    ],
    ids=["argv", "file", "cwd", "session"],
)
async def test_another_thing_is_not_what_was_allowed(database: Database, other: ApprovalRequest) -> None:
    approvals = service(database)
    allowed = await answered(approvals, "allow-once")
    await refused(approvals, allowed, other)
    await approvals.use(allowed, ASKED)


async def test_an_answer_grows_old(database: Database) -> None:
    approvals = service(database)
    allowed = await answered(approvals, "allow-once")
    approvals.clock.advance(121)
    await refused(approvals, allowed, ASKED)


async def test_denied_and_unanswered_are_told_apart(database: Database) -> None:
    approvals = service(database)
    with pytest.RaisesGroup(GatewayError):
        await answered(approvals, "deny")
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(_failure(approvals, ASKED))
        which = await pending(approvals)
        approvals.clock.advance(121)
    assert asking.result() == "unanswered"
    with pytest.raises(GatewayError) as late:
        await approvals.resolve(which, "allow-once", OPERATOR)
    assert late.value.kind is ErrorKind.CONFLICT


async def _failure(approvals: Service, request: ApprovalRequest) -> str:
    with pytest.raises(GatewayError) as error:
        await approvals.ask(request)
    return str(error.value.details["code"])


async def test_allowed_for_good_holds_for_the_same_thing_and_the_same_agent(database: Database) -> None:
    approvals = service(database)
    await approvals.use(await answered(approvals, "allow-always"), ASKED)
    later = replace(ASKED, session_key="agent:main:other", binding={**ASKED.binding, "cwd": "/elsewhere"})
    allowed = await approvals.ask(later)
    await approvals.use(allowed, later)
    changed = replace(later, lasting={"argv": ["git", "push"], "sha256": "bb"})
    await refused(approvals, allowed, changed)
    assert await _times_out(approvals, changed)
    assert await _times_out(approvals, replace(later, agent_id="other"))
    assert await _times_out(approvals, later, remembered=False)
    [grant] = await approvals.grants()
    await approvals.revoke(grant.id, OPERATOR)
    assert await _times_out(approvals, later)


async def _times_out(approvals: Service, request: ApprovalRequest, remembered: bool = True) -> bool:
    """Whether it is asked again."""
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(_asked(approvals, request, remembered))
        await approvals.resolve(await pending(approvals), "deny", OPERATOR)
    return asking.result()


async def _asked(approvals: Service, request: ApprovalRequest, remembered: bool) -> bool:
    try:
        await approvals.ask(request, remembered=remembered)
    except GatewayError as error:
        return bool(error.details["code"] == "denied")
    return False


async def test_what_cannot_be_remembered_is_not(database: Database) -> None:
    approvals = service(database)
    once = replace(ASKED, lasting=None)
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(approvals.ask(once))
        which = await pending(approvals)
        with pytest.raises(GatewayError) as error:
            await approvals.resolve(which, "allow-always", OPERATOR)
        assert error.value.kind is ErrorKind.BAD_REQUEST
        await approvals.resolve(which, "allow-once", OPERATOR)
    assert asking.result() == which


async def test_only_those_may_answer_who_manage_agents(database: Database) -> None:
    approvals = service(database)
    async with asyncio.TaskGroup() as group:
        group.create_task(approvals.ask(ASKED))
        which = await pending(approvals)
        with pytest.raises(GatewayError) as error:
            await approvals.resolve(which, "allow-once", Principal("key_1", "api_key"))
        assert error.value.kind is ErrorKind.FORBIDDEN
        await approvals.resolve(which, "allow-once", OPERATOR)
        with pytest.raises(GatewayError) as error:
            await approvals.resolve(which, "deny", OPERATOR)
        assert error.value.kind is ErrorKind.CONFLICT


async def test_another_process_may_answer(database: Database) -> None:
    here, there = service(database), service(database)
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(here.ask(ASKED))
        await there.resolve(await pending(here), "allow-once", OPERATOR)
    await there.use(asking.result(), ASKED)


async def test_a_turn_that_is_cancelled_asks_no_longer(database: Database) -> None:
    approvals = service(database)
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(approvals.ask(ASKED))
        which = await pending(approvals)
        asking.cancel()
    assert (await approvals.get(which)).status == "expired"


async def test_questions_are_told_and_bounded(database: Database) -> None:
    told: list[Event] = []

    class Bus(InProcessBus):
        async def publish(self, event: Event) -> None:
            told.append(event)
            await super().publish(event)

    approvals = service(database, Bus(), most_pending=1)
    async with asyncio.TaskGroup() as group:
        group.create_task(approvals.ask(ASKED))
        which = await pending(approvals)
        with pytest.raises(GatewayError) as error:
            await approvals.ask(replace(ASKED, binding={"argv": ["other"]}))
        assert error.value.kind is ErrorKind.RATE_LIMITED
        await approvals.resolve(which, "allow-once", OPERATOR)
    assert [event.data["id"] for event in told if event.topic == APPROVAL_REQUESTED] == [which]


async def test_settled_ones_are_forgotten_in_time(database: Database, tmp_path: Path) -> None:
    approvals = service(database)
    await approvals.use(await answered(approvals, "allow-once"), ASKED)
    assert await approvals.store.delete_before(approvals.clock.now() - 1) == 0
    assert await approvals.store.delete_before(approvals.clock.now() + 1) == 1
