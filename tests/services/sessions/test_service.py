"""Sessions as agents and people use them, on both databases."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.sessions import LogEvent, NewLogEvent, SessionFilter
from crawdad.services.sessions.maintenance import Maintenance
from crawdad.services.sessions.view import view_of
from crawdad.store.database import Database
from crawdad.store.session_upkeep import NAMED_AT_ONCE, SessionUpkeep
from tests.services.sessions.conftest import World, said
from tests.services.sessions.test_openclaw import THEIRS, file_of

MAIN = "agent:main:main"
DAY = 86_400.0


def texts(lines: list[LogEvent]) -> list[str]:
    return [line.data["message"]["content"][0]["text"] if line.kind == "message" else line.kind for line in lines]


async def refused(work: object, kind: ErrorKind) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        await work  # type: ignore[misc]
    assert caught.value.kind is kind
    assert caught.value.message("zh") != caught.value.message("en")
    return caught.value


async def test_a_session_is_made_once_and_opened_again(world: World) -> None:
    opened = await asyncio.gather(*(world.service.open(MAIN, owner="key_1") for _ in range(8)))
    assert len({one.session_id for one in opened}) == 1
    assert opened[0].owner == "key_1" and opened[0].kind == "main" and opened[0].agent_id == "main"
    again = await world.service.open(MAIN, owner="key_2")
    assert again == opened[0] and world.reasons == ["created"]


async def test_a_day_later_the_conversation_begins_anew_and_the_old_one_stays(world: World) -> None:
    first = await world.service.open(MAIN)
    await world.service.append(first, [said("before")])
    await world.service.change(MAIN, {"settings": {"model": "x"}, "label": "desk"})
    world.clock.advance(DAY)
    second = await world.service.open(MAIN)
    assert second.session_id != first.session_id and second.messages == 0
    assert second.settings == {"model": "x"} and second.label == "desk"
    assert texts(await world.service.view(first.session_id)) == ["before"]
    assert await world.service.view(second.session_id) == []
    assert [log.reason for log in await world.service.logs(MAIN)] == ["", "daily"]
    await refused(world.service.append(first, [said("late")]), ErrorKind.CONFLICT)


async def test_a_change_of_settings_does_not_keep_a_silent_conversation_alive(world: World) -> None:
    world.configure(reset={"mode": "idle", "idleMinutes": 10})
    first = await world.service.open(MAIN)
    world.clock.advance(500)
    await world.service.change(MAIN, {"settings": {"model": "x"}})
    world.clock.advance(200)
    assert (await world.service.open(MAIN)).session_id != first.session_id


async def test_sessions_of_the_rest_interface_last(world: World) -> None:
    first = await world.service.open("agent:main:api:1")
    world.clock.advance(30 * DAY)
    assert (await world.service.open("agent:main:api:1")).session_id == first.session_id
    fresh = await world.service.open("agent:main:api:1", fresh=True)
    assert fresh.session_id != first.session_id


async def test_two_resets_at_once_are_two_new_logs_or_one_but_never_a_broken_one(world: World) -> None:
    await world.service.open(MAIN)
    await asyncio.gather(*(world.service.reset(MAIN) for _ in range(5)))
    entry = await world.service.get(MAIN)
    assert entry is not None
    await world.service.append(entry, [said("works")])
    logs = await world.service.logs(MAIN)
    assert sum(log.ended_at is None for log in logs) == 1
    await refused(world.service.reset("agent:main:none"), ErrorKind.NOT_FOUND)


async def test_the_model_sees_the_newest_compaction_and_what_it_kept(world: World) -> None:
    entry = await world.service.open(MAIN)
    await world.service.append(entry, [said(str(n)) for n in range(1, 6)])
    await world.service.append(entry, [NewLogEvent("compaction", {"summary": "a", "firstKept": 3})])
    await world.service.append(entry, [said("7")])
    view = await world.service.view(entry.session_id)
    assert texts(view) == ["compaction", "3", "4", "5", "7"]
    await world.service.append(entry, [NewLogEvent("compaction", {"summary": "b", "firstKept": 7}), said("9")])
    view = await world.service.view(entry.session_id)
    assert texts(view) == ["compaction", "7", "9"] and view[0].data["summary"] == "b"
    assert len(await world.service.history(entry.session_id, 100, everything=True)) == 9
    assert texts(await world.service.history(entry.session_id, 2)) == ["7", "9"]
    assert texts(await world.service.history(entry.session_id, 2, before=7)) == ["4", "5"]


async def test_trimmed_lines_stay_in_the_log_alone(world: World) -> None:
    entry = await world.service.open(MAIN)
    await world.service.append(entry, [said("a"), said("beat"), said("HEARTBEAT_OK", "assistant")])
    await world.service.trim(entry, 1)
    await world.service.append(entry, [said("b")])
    assert texts(await world.service.view(entry.session_id)) == ["a", "b"]
    assert texts(await world.service.history(entry.session_id)) == ["a", "beat", "HEARTBEAT_OK", "b"]


def test_of_a_tree_the_branch_counts_that_the_log_ends_with() -> None:
    def line(sequence: int, parent: str | None) -> LogEvent:
        return LogEvent("s", sequence, f"{sequence:08x}", "note", 0.0, {}, parent)

    tree = [line(1, None), line(2, "00000001"), line(3, "00000002"), line(4, "00000001"), line(5, "00000004")]
    assert [each.sequence for each in view_of(tree)] == [1, 4, 5]
    assert [each.sequence for each in view_of(tree[:3])] == [1, 2, 3]
    assert view_of([]) == []


async def test_people_change_what_they_may_and_nothing_else(world: World) -> None:
    await world.service.open(MAIN)
    await world.service.open("agent:main:other")
    changed = await world.service.patch(MAIN, {"title": " A \n title ", "label": "desk", "thinkingLevel": "high"})
    assert (changed.title, changed.label, changed.settings) == ("A title", "desk", {"thinkingLevel": "high"})
    changed = await world.service.patch(MAIN, {"thinkingLevel": None, "queueCap": 5, "title": None})
    assert (changed.title, changed.settings) == ("", {"queueCap": 5})
    await refused(world.service.patch("agent:main:other", {"label": "desk"}), ErrorKind.CONFLICT)
    for bad in (
        {"session_id": "x"},
        {"owner": "me"},
        {"thinkingLevel": "hard"},
        {"queueCap": True},
        {"title": 5},
        {"label": "x" * 65},
    ):
        await refused(world.service.patch(MAIN, bad), ErrorKind.BAD_REQUEST)
    await refused(world.service.patch("agent:main:none", {"title": "x"}), ErrorKind.NOT_FOUND)


async def test_a_fork_goes_its_own_way(world: World) -> None:
    entry = await world.service.open("agent:main:api:1", owner="key_1", values={"public_id": "mine"})
    await world.service.append(entry, [said("one"), said("two"), said("three")])
    fork = await world.copies.fork(entry.key, 2)
    assert fork.key != entry.key and fork.owner == "key_1" and fork.kind == "api" and fork.messages == 2
    await world.service.append(fork, [said("four")])
    assert texts(await world.service.view(fork.session_id)) == ["one", "two", "four"]
    assert texts(await world.service.view(entry.session_id)) == ["one", "two", "three"]
    assert [line.sequence for line in await world.service.view(fork.session_id)] == [1, 2, 3]
    hits, _ = await world.service.hits(SessionFilter(search="four"))
    assert [hit.entry.key for hit in hits] == [fork.key]
    await refused(world.copies.fork(entry.key, 9), ErrorKind.BAD_REQUEST)
    await refused(world.copies.fork("agent:main:none"), ErrorKind.NOT_FOUND)


async def test_deleted_is_out_of_sight_and_purged_is_gone(world: World) -> None:
    entry = await world.service.open(MAIN)
    await world.service.append(entry, [said("secret")])
    await world.service.delete(MAIN)
    assert await world.service.get(MAIN) is None
    assert texts(await world.service.view(entry.session_id)) == ["secret"]
    await refused(world.service.delete(MAIN), ErrorKind.NOT_FOUND)
    again = await world.service.open(MAIN)
    assert again.session_id != entry.session_id
    assert await world.service.purge(MAIN) == 2
    assert await world.service.view(entry.session_id) == []
    await refused(world.service.purge(MAIN), ErrorKind.NOT_FOUND)


async def test_a_transcript_comes_in_is_found_goes_on_and_goes_out(world: World) -> None:
    entry = await world.copies.take_in(file_of(THEIRS), MAIN, owner="key_1", title="Old")
    assert entry.session_id == "5f0c" and entry.messages == 5 and entry.title == "Old"
    out = await world.copies.export(entry.session_id)
    assert [orjson.loads(line) for line in out.splitlines()] == THEIRS
    hits, _ = await world.service.hits(SessionFilter(search="你好"))
    assert [(hit.entry.key, hit.sequence) for hit in hits] == [(MAIN, 4)]
    opened = await world.service.open(MAIN)
    assert opened.session_id == "5f0c", "what came in is what goes on"
    (line,) = await world.service.append(opened, [said("and now?")])
    assert line.sequence == len(THEIRS)
    assert (await world.service.view("5f0c"))[0].kind == "compaction"
    longer = [orjson.loads(line) for line in (await world.copies.export("5f0c")).splitlines()]
    assert longer[:-1] == THEIRS and longer[-1]["message"]["content"] == [{"type": "text", "text": "and now?"}]
    await refused(world.copies.take_in(file_of(THEIRS), MAIN), ErrorKind.CONFLICT)
    second = await world.copies.take_in(file_of(THEIRS), "agent:main:copy")
    assert second.session_id not in ("5f0c", "")
    await refused(world.copies.export("none"), ErrorKind.NOT_FOUND)


async def test_lists_are_kept_short_only_where_that_is_wanted(world: World, database: Database) -> None:
    for number in range(4):
        await world.service.open(f"agent:main:s{number}")
        world.clock.advance(DAY)
    await world.service.open(MAIN)
    maintenance = Maintenance(world.service, SessionUpkeep(database), lambda: world.settings.session.maintenance)
    world.configure(maintenance={"pruneAfter": "2d", "maxEntries": 1})
    found = await maintenance.look()
    assert (found.stale, found.excess) == (2, 1)
    assert await world.service.search.total(SessionFilter()) == 5
    world.configure(maintenance={"mode": "enforce", "pruneAfter": "2d", "maxEntries": 1})
    await maintenance.look()
    left = (await world.service.page(SessionFilter())).entries
    assert {one.key for one in left} == {MAIN, "agent:main:s3"}
    assert len(await world.service.logs("agent:main:s0")) == 1, "what was said is kept"
    await world.service.open("agent:main:s4")
    for number in range(NAMED_AT_ONCE + 2):
        await world.service.open(f"agent:other:t{number}")
    await maintenance.look()
    left = (await world.service.page(SessionFilter())).entries
    assert {one.agent_id: one.key for one in left if one.kind != "main"} == {
        "main": "agent:main:s4",
        "other": max(f"agent:other:t{number}" for number in range(NAMED_AT_ONCE + 2)),
    }
    assert len(left) == 3, "of each agent one, beside the main session"
    world.clock.advance(10)
    world.configure(maintenance={"resetArchiveRetention": "5s"})
    await maintenance.look()
    assert await world.service.logs("agent:main:s0") == []


async def test_others_hear_of_every_change(world: World) -> None:
    entry = await world.service.open(MAIN, owner="key_1")
    await world.service.append(entry, [said("x")])
    await world.service.append(entry, [NewLogEvent("note", {"text": "silent"})])
    await world.service.patch(MAIN, {"title": "t"})
    await world.service.reset(MAIN)
    await world.copies.fork(MAIN)
    await world.service.delete(MAIN)
    assert world.reasons == ["created", "message", "changed", "reset", "forked", "deleted"]
    first = world.bus.heard[0]
    assert first.topic == "sessions.changed" and first.data["key"] == MAIN and first.data["owner"] == "key_1"
