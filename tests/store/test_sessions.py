"""Sessions and their logs: numbered without gaps, kept when the call returns, found again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.sessions import LogEvent, NewLogEvent, Route, SessionEntry, SessionFilter
from crawdad.store.database import Database
from crawdad.store.session_search import SessionSearch
from crawdad.store.sessions import SessionStore
from tests.store.samples import MORNING


def entry(name: str = "main", **fields: Any) -> SessionEntry:
    values: dict[str, Any] = {
        "key": f"agent:main:{name}",
        "session_id": f"log-{name}",
        "agent_id": "main",
        "kind": "other",
        "created_at": MORNING,
        "updated_at": MORNING,
        "active_at": MORNING,
    }
    return SessionEntry(**{**values, **fields})


def said(text: str, role: str = "user") -> NewLogEvent:
    return NewLogEvent(
        "message", {"message": {"role": role, "content": [{"type": "text", "text": text}]}}, "run-1", text
    )


async def kept(database: Database, *entries: SessionEntry) -> SessionStore:
    store = SessionStore(database)
    for one in entries:
        assert await store.add(one)
    return store


async def keys(database: Database, wanted: SessionFilter, limit: int = 50) -> list[str]:
    """All pages of a list, joined."""
    search, found, cursor = SessionSearch(database), [], None
    while True:
        page = await search.page(wanted, limit, cursor)
        found += [one.key for one in page.entries]
        cursor = page.cursor
        if cursor is None:
            return found


async def test_a_session_comes_back_as_it_was_kept(database: Database) -> None:
    full = entry(
        owner="key_1",
        title="标题 \U0001f99e",
        label="desk",
        parent_key="agent:main:up",
        channel="qq",
        chat_type="direct",
        route=Route("qq", "123", "acc", "t"),
        model="gpt-5",
        provider="openai",
        settings={"thinkingLevel": "high"},
        input_tokens=1,
        output_tokens=2,
        cached_tokens=3,
        context_tokens=4,
        cost=0.5,
        messages=6,
        compactions=7,
        aborted=True,
        preview="Hi",
        extra={"odd": [1, {"a": None}]},
        public_id="mine",
    )
    store = await kept(database, full)
    assert await store.get(full.key) == full
    assert not await store.add(full)
    assert await store.named("mine", "key_1") == full and await store.named("mine", None) == full
    assert await store.named("mine", "key_2") is None
    assert [one.key for one in await store.labelled("desk", "main")] == [full.key]
    assert await store.labelled("desk", "other") == []


async def test_lines_are_numbered_without_gaps_and_follow_each_other(database: Database) -> None:
    store = await kept(database, entry())
    await store.append(entry(), [said("one"), said("two")], MORNING + 1)
    (third,) = await store.append(entry(), [NewLogEvent("note", {"text": "\0\ud800 odd", "big": 2**70})], MORNING + 2)
    lines = await store.lines("log-main")
    assert [line.sequence for line in lines] == [1, 2, 3]
    assert [line.parent_id for line in lines] == [None, lines[0].id, lines[1].id]
    assert all(len(line.id) == 8 and int(line.id, 16) >= 0 for line in lines)
    assert third.kind == "note" and lines[0].run_id == "run-1" and lines[2].at == MORNING + 2
    assert [line.sequence for line in await store.lines("log-main", limit=2, newest=True)] == [2, 3]
    assert [line.sequence for line in await store.lines("log-main", after=1, before=3)] == [2]
    found = await store.get("agent:main:main")
    assert found is not None
    assert (found.messages, found.preview, found.active_at) == (2, "two", MORNING + 2)


async def test_many_writers_leave_no_gap(database: Database) -> None:
    store = await kept(database, entry())
    await asyncio.gather(*(store.append(entry(), [said(f"{n}"), said("x")], MORNING) for n in range(25)))
    lines = await store.lines("log-main")
    assert [line.sequence for line in lines] == list(range(1, 51))
    assert [line.parent_id for line in lines[1:]] == [line.id for line in lines[:-1]]


async def test_a_log_that_was_left_takes_no_more_lines(database: Database) -> None:
    old = entry(messages=3, input_tokens=9, cost=1.0)
    store = await kept(database, old)
    await store.append(old, [said("before")], MORNING)
    begun = await store.begin(old, "log-2", MORNING + 5, "reset")
    assert begun is not None and begun.session_id == "log-2" and begun.messages == 0 and begun.cost == 0
    assert await store.begin(old, "log-3", MORNING + 6, "reset") is None
    with pytest.raises(GatewayError) as caught:
        await store.append(old, [said("late")], MORNING + 7)
    assert caught.value.kind is ErrorKind.CONFLICT
    await store.append(begun, [said("after")], MORNING + 8)
    assert [len(await store.lines(log)) for log in ("log-main", "log-2")] == [1, 1]
    logs = await store.logs(old.key)
    assert [(log.session_id, log.ended_at, log.reason, log.lines) for log in logs] == [
        ("log-2", None, "", 1),
        ("log-main", MORNING + 5, "reset", 1),
    ]


async def test_changes_merge_settings_and_counters_add_up(database: Database) -> None:
    store = await kept(database, entry(settings={"model": "a", "queueMode": "steer"}))
    changed = await store.change(
        "agent:main:main", {"settings": {"model": None, "x": 1}, "title": "New", "route": Route("qq")}, MORNING + 3
    )
    assert changed is not None and changed.settings == {"queueMode": "steer", "x": 1}
    assert changed == await store.get("agent:main:main")
    assert await store.change("agent:main:nobody", {"title": "?"}, MORNING) is None
    for _ in range(2):
        await store.count(entry(), {"input_tokens": 10, "cost": 0.25}, {"model": "m", "aborted": True})
    found = await store.get("agent:main:main")
    assert found is not None and (found.input_tokens, found.cost) == (20, 0.5)
    assert (found.model, found.aborted, found.title) == ("m", True, "New")


async def test_what_a_turn_used_is_not_counted_to_the_log_that_was_begun_meanwhile(database: Database) -> None:
    store = await kept(database, entry())
    begun = await store.begin(entry(), "log-2", MORNING + 5, "reset")
    await store.count(entry(), {"input_tokens": 10}, {"context_tokens": 90_000, "aborted": True})
    assert begun is not None and await store.get("agent:main:main") == begun


async def test_the_newest_compaction_is_known(database: Database) -> None:
    store = await kept(database, entry())
    await store.append(entry(), [said(str(n)) for n in range(4)], MORNING)
    lines, line = await store.view("log-main")
    assert line is None and [line.sequence for line in lines] == [1, 2, 3, 4]
    await store.append(entry(), [NewLogEvent("compaction", {"summary": "s", "firstKept": 3})], MORNING)
    lines, line = await store.view("log-main")
    assert isinstance(line, LogEvent) and (line.sequence, [line.sequence for line in lines]) == (5, [3, 4, 5])
    found = await store.get("agent:main:main")
    assert found is not None and found.compactions == 1


async def test_deleting_keeps_the_log_and_purging_does_not(database: Database) -> None:
    store = await kept(database, entry(), entry("other"))
    for name in ("main", "other"):
        await store.append(entry(name), [said("Pemberton")], MORNING)
    assert await store.delete("agent:main:main", MORNING + 1)
    assert not await store.delete("agent:main:main", MORNING + 1)
    assert await store.get("agent:main:main") is None
    assert len(await store.lines("log-main")) == 1
    assert await keys(database, SessionFilter(search="Pemberton")) == ["agent:main:other"]
    assert await store.purge("agent:main:other") == 1 and await store.purge("agent:main:main") == 1
    assert await store.lines("log-main") == await store.lines("log-other") == []
    assert await keys(database, SessionFilter(search="Pemberton")) == []


async def test_lists_go_by_time_page_by_page(database: Database) -> None:
    made = [entry(f"s{n:02}", updated_at=MORNING + n // 3, owner=f"key_{n % 2}", kind="api") for n in range(20)]
    await kept(database, *made)
    newest_first = [one.key for one in sorted(made, key=lambda one: (one.updated_at, one.key), reverse=True)]
    for size in (1, 3, 7, 20, 50):
        assert await keys(database, SessionFilter(), size) == newest_first
    mine = [one.key for one in made if one.owner == "key_1"]
    assert sorted(await keys(database, SessionFilter(owner="key_1"), 3)) == sorted(mine)
    assert await keys(database, SessionFilter(kinds=("cron",))) == []
    assert len(await keys(database, SessionFilter(active_since=MORNING + 6))) == 2
    assert await SessionSearch(database).total(SessionFilter(owner="key_1")) == 10
    with pytest.raises(GatewayError):
        await SessionSearch(database).page(SessionFilter(), 10, "nonsense")
    with pytest.raises(GatewayError):
        await SessionSearch(database).page(SessionFilter(search="x"), 10, "1; DROP TABLE sessions")


async def test_a_tree_is_what_was_begun_from_a_session(database: Database) -> None:
    def below(name: str, parent: str) -> SessionEntry:
        return entry(name, parent_key=f"agent:main:{parent}")

    await kept(database, entry("a"), below("b", "a"), below("c", "b"), entry("d"), below("e", "d"))
    assert sorted(await keys(database, SessionFilter(below="agent:main:a"))) == [f"agent:main:{n}" for n in "abc"]


async def test_everything_said_is_found_in_every_script(database: Database) -> None:
    store = await kept(
        database, entry("a", title="Quarterly report"), entry("b", owner="key_1", label="设计稿"), entry("c")
    )
    await store.append(entry("a"), [said("Die Straße nach Köln; v2.1-rc_3 & foo@bar.org")], MORNING)
    await store.append(
        entry("b", owner="key_1"), [said("请帮我查一下北京的天气预报"), said("晴天", "assistant")], MORNING
    )
    await store.append(entry("c"), [said("東京タワー 서울 날씨 — report")], MORNING)

    async def found(text: str, **wanted: Any) -> list[str]:
        return [key[-1] for key in await keys(database, SessionFilter(search=text, **wanted))]

    assert await found("天气预报") == ["b"] and await found("北京") == ["b"] and await found("晴") == ["b"]
    assert await found("京天") == []  # 北京的天气: the characters are there, but not beside each other
    assert await found("設計") == [] and await found("设计") == ["b"]
    assert await found("strasse KÖLN") == ["a"] and await found("köl") == ["a"] and await found("öln") == []
    assert await found("タワー") == ["c"] and await found("날씨") == ["c"]
    assert await found("report") == ["c", "a"] and await found("quarterly") == ["a"]
    assert await found("foo@bar.org") == ["a"] and await found("v2.1-rc_3") == ["a"]
    assert await found("天气", owner="key_1") == ["b"] and await found("天气", owner="key_2") == []
    assert await found("report", agent_id="main") == ["c", "a"] and await found("report", agent_id="x") == []
    assert await found('" OR "天') == [] and await found("' | 'x") == [] and await found("!!! ()") == []
    await store.change("agent:main:a", {"title": "Something else"}, MORNING)
    assert await found("quarterly") == [] and await found("something") == ["a"]
    hits, _ = await SessionSearch(database).hits(SessionFilter(search="天气预报"))
    assert [(hit.entry.key, hit.session_id, hit.sequence) for hit in hits] == [("agent:main:b", "log-b", 1)]
    assert hits[0].line is not None and hits[0].line.data["message"]["role"] == "user"


async def test_found_sessions_come_once_over_all_pages(database: Database) -> None:
    made = [entry(f"s{n}") for n in range(9)]
    store = await kept(database, *made)
    for turn in range(30):
        for one in made[: 9 - turn % 4]:
            await store.append(one, [said(f"Pemberton says {turn}")], MORNING + turn)
    for size in (1, 2, 5, 9, 20):
        found = await keys(database, SessionFilter(search="pemberton"), size)
        assert sorted(found) == sorted(one.key for one in made), size


async def test_names_that_no_database_takes_are_names_of_nothing(database: Database) -> None:
    store = await kept(database, entry())
    for odd in ("\0", "a\0b", "\ud800"):
        assert await store.named(odd, None) is None and await store.named(odd, "key") is None
        assert await store.labelled(odd, None) == [] and await store.log(odd) is None
        assert await keys(database, SessionFilter(agent_id=odd, owner=odd)) == []
        assert await keys(database, SessionFilter(search=odd, agent_id=odd)) in ([], ["agent:main:main"])
        assert (await SessionSearch(database).page(SessionFilter(), 5, f"1.0~{odd}")).entries == []


async def test_whoever_is_cancelled_while_writing_leaves_nothing_locked_and_nothing_half(database: Database) -> None:
    store = await kept(database, entry())
    for turn in range(60):
        writing = asyncio.gather(store.append(entry(), [said("one"), said("two")], MORNING))
        await asyncio.wait([writing], timeout=turn % 20 * 0.0004)
        writing.cancel()
        await asyncio.wait([writing])
        await store.append(entry(), [NewLogEvent("note", {})], MORNING)
    lines = await store.lines("log-main")
    assert [line.sequence for line in lines] == list(range(1, len(lines) + 1))
    assert sum(line.kind == "note" for line in lines) == 60
    assert sum(line.kind == "message" for line in lines) % 2 == 0


async def test_recent_logs_go_by_agent_owner_and_session(database: Database) -> None:
    store = SessionStore(database)
    for number, (name, owner) in enumerate((("main", "ann"), ("talk", "bob"), ("empty", "ann")), 1):
        one = entry(name, owner=owner)
        await store.add(one)
        if name != "empty":
            await store.append(one, [said("Hello.")], MORNING + number)
    main, talk = await store.get(entry("main").key), await store.get(entry("talk").key)
    assert main is not None and talk is not None
    await store.append(talk, [NewLogEvent("compaction", {"firstKept": 1})], MORNING + 5)
    assert await store.begin(main, "later-log", MORNING + 9, "reset") is not None

    async def found(owner: str | None = None, key: str | None = None, agent: str = "main") -> list[tuple[str, bool]]:
        return [(log.session_id, partly) for log, partly in await store.recent(agent, owner, key, 10)]

    assert await found() == [(main.session_id, False), (talk.session_id, True)]
    assert await found("ann") == await found(key=main.key) == [(main.session_id, False)]
    assert await found("carol") == await found(agent="other") == []
    assert len(await store.recent("main", None, None, 1)) == 1
