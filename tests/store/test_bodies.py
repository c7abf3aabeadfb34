"""Bodies come back as they were kept, and go by age and size."""

from __future__ import annotations

from crawdad.core.log import Bodies, Body
from crawdad.store.bodies import BodyStore, pack_bodies
from crawdad.store.database import Database
from crawdad.store.retention import Kept, apply_retention
from tests.store.samples import MORNING

DAY = 86_400


def row(number: int, text: str = "hi", at: float = MORNING) -> tuple[str, float, bytes | None, bytes | None, int]:
    return pack_bodies(f"ex{number:06d}", at + number, Bodies(Body(text), Body(text, True)))


async def test_what_was_kept_comes_back(database: Database) -> None:
    store = BodyStore(database)
    kept = {
        "short": Bodies(Body("hi"), Body("", True)),
        "long": Bodies(Body("words 你好 🦞 " * 10_000, True), None),
        "none": Bodies(),
        "odd": Bodies(None, Body('{"a": "\\u0000"}')),
    }
    await store.insert([pack_bodies(name, MORNING, bodies) for name, bodies in kept.items()])
    assert {name: await store.get(name) for name in kept} == kept
    assert await store.get("unknown") == Bodies()
    size = pack_bodies("long", MORNING, kept["long"])[4]
    assert size < 2000, "text is compressed"


async def test_what_comes_again_changes_nothing(database: Database) -> None:
    store = BodyStore(database)
    await store.insert([row(1, "first")])
    await store.insert([row(1, "second"), row(2)])
    assert (await store.get("ex000001")).request == Body("first")
    assert (await store.get("ex000002")).request == Body("hi")


async def test_old_ones_go_and_then_the_oldest_until_the_rest_fits(database: Database) -> None:
    store = BodyStore(database)
    noise = "".join(chr(32 + (n * n * 31 + n * 7) % 90) for n in range(40_000))
    await store.insert([row(number, noise, MORNING + number * 3600) for number in range(60)])
    one = row(0, noise)[4]
    now = MORNING + 60 * 3600
    removed = await apply_retention(database, now, Kept(30, 100, body_days=2, body_megabytes=10 * one / 2**20))
    assert removed.bodies == 50
    assert (await store.get("ex000049")).request is None and (await store.get("ex000050")).request is not None
    await store.clear()
    assert (await store.get("ex000059")).request is None
