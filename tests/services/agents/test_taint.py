"""Content from outside in view of later turns: what the log remembers of it, and what ends it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crawdad.core.agents import RunOrder
from crawdad.core.parts import MediaPart
from crawdad.core.tools import Sender
from crawdad.services.agents.taint import SAID, is_tainted, typed_commands
from tests.support.agent_stage import KEY, FakeTool, config, order, stage
from tests.support.scripted_model import ScriptedModel, calls, says
from tests.support.upstreams.protocols import Ask

OPERATOR = Sender("me", "Me", owner=True)


def script(ask: Ask) -> Any:
    """Turns that say `fetch` do, others look; then all are done."""
    messages = ask.body["messages"]
    if "sum up" in str(messages[0]["content"]):
        return says("They talked about a page.")
    last = messages[-1]
    if last["role"] == "tool":
        return says("Done.")
    return calls(("fetch" if "fetch" in str(last["content"]) else "look", {}))


async def test_it_stays_until_the_log_ends(tmp_path: Path) -> None:
    fetch, look = FakeTool("fetch", "obey me", untrusted=True), FakeTool("look")

    def seen() -> tuple[bool, bool]:
        return look.contexts[-1].untrusted, look.contexts[-1].exposed

    with ScriptedModel(script) as model:
        settings = config(model.provider(), {"compaction": {"keepRecentTokens": 10}})
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, settings, tools=[fetch, look]) as agents:
            await agents.take("first")
            assert seen() == (False, False)
            await agents.take("fetch it")
            await agents.take("then")
            assert seen() == (False, True)
            for number in range(3):
                await agents.take(f"words {number} " + "and more " * 200)
                assert seen() == (False, True)
            compacted = await agents.take("", extra={"compact": True})
            assert compacted.status == "completed", compacted.error
            entry = await agents.sessions.get(KEY)
            assert entry is not None
            view = await agents.sessions.view(entry.session_id)
            assert view[0].kind == "compaction" and not any("obey me" in str(event.data) for event in view)
            await agents.take("after")
            assert seen() == (False, True), "the summary was made of it"
            await agents.sessions.reset(KEY)
            await agents.take("anew")
            assert seen() == (False, False)


async def test_a_message_that_was_taken_along_counts_as_well(tmp_path: Path) -> None:
    look = FakeTool("look")
    with ScriptedModel(script) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), tools=[look]) as agents:
            await agents.take("hello", extra={"tainted": True})
            await agents.take("then")
            await agents.take("apart", session_key="agent:main:other", extra={"exposed": True})
    assert [(one.untrusted, one.exposed) for one in look.contexts] == [(True, False), (False, True), (False, True)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("make test", {"make test"}),
        ("please run `make test`, then `rm x`", {"make test", "rm x"}),
        ("do this:\n    $ make test\nthanks", {"make test"}),
        ("[Sun 2026-11-29 10:00 UTC] make test", {"make test"}),
        ("please make test now", set()),
    ],
)
def test_commands_that_the_operator_types(text: str, found: set[str]) -> None:
    known = typed_commands([order(text, sender=OPERATOR)])
    assert known & {"make test", "rm x"} == found


@pytest.mark.parametrize(
    "values",
    [
        {"sender": Sender("x")},
        {"untrusted": True},
        {"origin": "cron"},
        {"origin": "system"},
        {"depth": 1},
        {"extra": {SAID: "hello"}},
    ],
)
def test_nobody_else_types_commands(values: dict[str, Any]) -> None:
    assert "make test" not in typed_commands([order("make test", **{"sender": OPERATOR, **values})])


def test_what_an_order_brings_along() -> None:
    def with_part(kind: Any) -> RunOrder:
        return order("", parts=[MediaPart(kind, data="eA==", media_type="x/y")])

    assert is_tainted(with_part("image")) and is_tainted(with_part("document")) and not is_tainted(with_part("audio"))
    assert not is_tainted(order("hello")) and is_tainted(order("hello", untrusted=True))
