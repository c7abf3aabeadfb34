"""Whoever ordered a turn may no longer, or may less, when it begins."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from crawdad.core.identity import KEY_DEFAULT, Limits, Permission, Principal
from tests.services.agents.tools import Gated
from tests.support.agent_stage import GUEST, KEY, OWNER, config, stage
from tests.support.scripted_model import ScriptedModel, calls, last_text, says
from tests.support.waiting import PATIENCE


async def test_turns_that_wait_are_those_of_the_key_of_now(tmp_path: Path) -> None:
    living: dict[str, Principal] = {OWNER.id: OWNER, GUEST.id: GUEST}
    tool = Gated("look")
    with ScriptedModel(calls(("look", {})), says("Mine."), says("Never.")) as model:
        async with stage(
            f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), tools=[tool], find=living.get
        ) as agents:
            first = await agents.order("first")
            await asyncio.wait_for(tool.started.wait(), PATIENCE)
            revoked = await agents.order("revoked", principal=GUEST)
            narrow = Principal("key-narrow", "api_key", "narrow")
            living[narrow.id] = narrow
            narrowed = await agents.order("narrowed", principal=narrow)
            silent = Principal("key-silent", "api_key", "silent")
            living[silent.id] = silent
            silenced = await agents.order("silenced", principal=silent)
            del living[GUEST.id]
            living[narrow.id] = replace(narrow, limits=Limits(models=("another/model",)))
            living[silent.id] = replace(silent, permissions=frozenset({Permission.MODELS_USE}))
            tool.gate.set()
            states = [await agents.agents.runs.wait(run, PATIENCE) for run in (first, revoked, narrowed, silenced)]
    assert [state.status for state in states] == ["completed", "failed", "failed", "failed"]
    assert [state.error_kind for state in states][1::2] == ["forbidden", "forbidden"]
    assert "a guest" in str(states[1].error) and "revoked" in str(states[1].error)
    assert states[2].error_kind in ("forbidden", "not_found")
    assert len(model.asked) == 2  # those of the first turn


async def test_more_rights_than_were_ordered_are_never_lent(tmp_path: Path) -> None:
    weak = Principal("key-weak", "api_key", "weak", KEY_DEFAULT)
    strong = replace(weak, permissions=frozenset(Permission))
    with ScriptedModel(says("Done.")) as model:
        async with stage(
            f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), find=lambda _: strong
        ) as agents:
            assert (await agents.take("hello", principal=weak)).status == "completed"
            assert agents.toolbox.asked[-1].principal.permissions == KEY_DEFAULT


async def test_a_running_turn_ends_with_its_key(tmp_path: Path) -> None:
    living: dict[str, Principal] = {GUEST.id: GUEST, OWNER.id: OWNER}
    tool = Gated("look")
    with ScriptedModel(calls(("look", {})), says("Another's.")) as model:
        async with stage(
            f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), tools=[tool], find=living.get
        ) as agents:
            run = await agents.order("first", principal=GUEST)
            await asyncio.wait_for(tool.started.wait(), PATIENCE)
            del living[GUEST.id]
            after = await agents.order("by another")  # which has the turn look around
            tool.gate.set()
            state = await agents.agents.runs.wait(run, PATIENCE)
            assert (await agents.agents.runs.wait(after, PATIENCE)).text == "Another's."
    assert state.status == "failed" and state.error_kind == "forbidden"
    assert [last_text(body) for body in model.asked] == ["first", "by another"]


async def test_a_sub_agent_takes_no_turn_for_a_key_that_is_gone(tmp_path: Path) -> None:
    alive = [GUEST]

    def find(_: str) -> Principal | None:
        return alive.pop() if alive else None  # gone once the parent has begun

    with ScriptedModel(calls(("sessions_spawn", {"task": "look"})), says("Spawned.")) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), find=find) as agents:
            parent = await agents.take("spawn", principal=GUEST)
            child = (await agents.agents.store.spawned(KEY, 0.0))[0]
            state = await agents.agents.runs.wait(child.id, PATIENCE)
    assert (state.status, state.error_kind, state.parent_run_id) == ("failed", "forbidden", parent.id)
    assert "look" not in [last_text(body) for body in model.asked]
