"""What the doors to agents keep: links, deliveries of hooks, records of media files, calls of tools."""

from __future__ import annotations

import asyncio

from crawdad.store.agent_links import AgentLinks
from crawdad.store.database import Database
from crawdad.store.hook_deliveries import HookDeliveries
from crawdad.store.media_files import MediaRecord, MediaRecords
from crawdad.store.tool_invocations import ToolInvocations


async def test_links_belong_to_whoever_made_them_and_end(database: Database) -> None:
    links = AgentLinks(database)
    await links.put("a", ["call:1", "call:2"], "main", "agent:main:x", 100.0)
    await links.put("b", ["call:1"], "main", "agent:main:y", 100.0)
    await links.put("a", ["call:2"], "beta", "agent:beta:z", 200.0)
    found = await links.find("a", ["call:1", "call:2", "call:3"], 50.0)
    assert found == {"call:1": ("main", "agent:main:x"), "call:2": ("beta", "agent:beta:z")}
    assert await links.find("a", ["call:1"], 100.0) == {} and await links.find("a", [], 0.0) == {}
    assert await links.delete_expired(150.0) == 2
    assert await links.find("a", ["call:2"], 150.0) == {"call:2": ("beta", "agent:beta:z")}


async def test_a_delivery_is_claimed_once_and_taken_over_once(database: Database) -> None:
    deliveries = HookDeliveries(database)
    claims = await asyncio.gather(*(deliveries.claim("k", f"r{n}", {"n": n}, 1.0) for n in range(4)))
    assert sorted(made for _, made in claims) == [False, False, False, True]
    assert len({(found.runner, found.order["n"]) for found, _ in claims}) == 1
    owner = claims[0][0].runner
    taken = await asyncio.gather(*(deliveries.take_over("k", owner, f"new{n}", 2.0) for n in range(3)))
    assert sorted(taken) == [False, False, True]
    await deliveries.change("k", 3.0, run_id="run_1")
    await deliveries.forget("k")  # it was ordered: no longer to be forgotten
    (kept,) = await deliveries.open()
    assert (kept.key, kept.run_id, kept.status) == ("k", "run_1", "open")
    await deliveries.change("k", 4.0, status="done")
    assert await deliveries.open() == []
    assert not await deliveries.take_over("k", kept.runner, "late", 5.0)
    assert await deliveries.delete_done(4.0) == 0 and await deliveries.delete_done(4.5) == 1


async def test_media_files_end(database: Database) -> None:
    records = MediaRecords(database)
    for number, end in enumerate((10.0, 20.0)):
        await records.add(MediaRecord(f"m{number}", "a", "x.png", "image/png", 5, 1.0, end))
    assert list(await records.expired(10.0)) == ["m0"]
    await records.delete(["m0"])
    found = await records.get("m1")
    assert await records.get("m0") is None and found is not None and found.expires_at == 20.0


async def test_a_call_of_a_tool_is_claimed_once_until_its_time_is_over(database: Database) -> None:
    calls = ToolInvocations(database)
    claims = await asyncio.gather(*(calls.claim("a", "k", f"c{n}", f"r{n}", 1.0, 10.0) for n in range(4)))
    (claim,) = {found.claim for found in claims}
    assert all(found.outcome is None and found.runner == f"r{claim[1]}" for found in claims)
    assert (await calls.claim("b", "k", "other", "r", 1.0, 10.0)).claim == "other"
    await calls.finish(claim, "{}")
    assert (await calls.claim("a", "k", "late", "r", 9.0, 20.0)).outcome == "{}"
    assert (await calls.claim("a", "k", "new", "r", 10.0, 20.0)).claim == "new"
    await calls.forget("new")
    assert await calls.find("a", "k") is None
    assert await calls.delete_expired(9.0) == 0 and await calls.delete_expired(10.0) == 1
