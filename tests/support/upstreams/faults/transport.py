"""Faults of transport: time, sockets and HTTP itself."""

from __future__ import annotations

import asyncio

from tests.support.upstreams.faults.scene import Scene, fault
from tests.support.upstreams.faults.statuses import healthy


@fault("silent")
async def silent(scene: Scene) -> None:
    """Takes the request and never says a word, until the client leaves."""
    await scene.reply.until_left()


@fault("slow-first-byte")
async def slow_first_byte(scene: Scene) -> None:
    """A right answer after `seconds` (0.3)."""
    await asyncio.sleep(scene.number("seconds", 0.3))
    await healthy(scene)


@fault("slow-first-event")
async def slow_first_event(scene: Scene) -> None:
    """The head at once, the first event after `seconds` (0.3)."""
    await scene.begin()
    await asyncio.sleep(scene.number("seconds", 0.3))
    for event in scene.events():
        await scene.reply.send(event)
    await scene.reply.end()


@fault("slow-stream")
async def slow_stream(scene: Scene) -> None:
    """`seconds` (0.05) of silence before each event."""
    await scene.begin()
    for event in scene.events():
        await asyncio.sleep(scene.number("seconds", 0.05))
        await scene.reply.send(event)
    await scene.reply.end()


@fault("half-open")
async def half_open(scene: Scene) -> None:
    """Half of an answer, then silence on an open connection, until the client leaves."""
    await scene.begin()
    await scene.reply.send(_half(scene))
    await scene.reply.until_left()


def _half(scene: Scene) -> bytes:
    """Half of the events, or half of a whole answer."""
    events = scene.events()
    return b"".join(events[: len(events) // 2]) if scene.ask.stream else events[0][: len(events[0]) // 2]


@fault("lingering")
async def lingering(scene: Scene) -> None:
    """A right answer whose connection is then neither used nor closed: the end of the chunks never comes."""
    await scene.begin()
    for event in scene.events():
        await scene.reply.send(event)
    await scene.reply.until_left()


@fault("fin-first")
async def fin_first(scene: Scene) -> None:
    """The connection is closed without an answer."""
    scene.reply.finish()


@fault("rst-first")
async def rst_first(scene: Scene) -> None:
    """The connection is reset without an answer."""
    scene.reply.reset()


@fault("rst-after-head")
async def rst_after_head(scene: Scene) -> None:
    """The connection is reset after the head of the answer."""
    await scene.begin()
    scene.reply.reset()


@fault("fin-midstream")
async def fin_midstream(scene: Scene) -> None:
    """The connection is closed in the middle of the answer, its last chunk missing."""
    await scene.begin()
    await scene.reply.send(_half(scene))
    scene.reply.finish()


@fault("rst-midstream")
async def rst_midstream(scene: Scene) -> None:
    """The connection is reset in the middle of the answer."""
    await scene.begin()
    await scene.reply.send(_half(scene))
    scene.reply.reset()


@fault("short-body")
async def short_body(scene: Scene) -> None:
    """Content-Length promises more than comes before the connection is closed."""
    body = scene.body()
    await scene.reply.raw(_head(scene, len(body) + 100) + body)
    scene.reply.finish()


@fault("long-body")
async def long_body(scene: Scene) -> None:
    """More comes than Content-Length says: the rest must not become the next answer."""
    body = scene.body()
    await scene.reply.raw(_head(scene, len(body)) + body + b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen")
    scene.reply.done()


@fault("close-after")
async def close_after(scene: Scene) -> None:
    """A right answer on a connection that is then closed without having said so."""
    body = scene.body()
    await scene.reply.raw(_head(scene, len(body)) + body)
    scene.reply.finish()


@fault("until-close")
async def until_close(scene: Scene) -> None:
    """A right answer as HTTP/1.0 gave them: neither length nor chunks, it ends with the connection."""
    await scene.reply.raw(f"HTTP/1.0 200 OK\r\ncontent-type: {scene.content_type}\r\n\r\n".encode() + scene.body())
    scene.reply.finish()


@fault("bad-chunk")
async def bad_chunk(scene: Scene) -> None:
    """A chunk whose size is no number."""
    await scene.begin()
    await scene.reply.send(_half(scene))
    await scene.reply.raw(b"zz\r\nnonsense\r\n")
    scene.reply.finish()


@fault("not-http")
async def not_http(scene: Scene) -> None:
    """An answer in another protocol altogether."""
    await scene.reply.raw(b"SSH-2.0-OpenSSH_9.9\r\n" + b"\x00\x01\x02" * 100)
    scene.reply.finish()


@fault("early-hints")
async def early_hints(scene: Scene) -> None:
    """An informational answer first."""
    await scene.reply.raw(b"HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n")
    await healthy(scene)


@fault("header-flood")
async def header_flood(scene: Scene) -> None:
    """Ten thousand headers."""
    flood = "".join(f"x-flood-{number}: {number}\r\n" for number in range(10_000)).encode()
    await scene.reply.raw(b"HTTP/1.1 200 OK\r\n" + flood + b"content-length: 2\r\n\r\n{}")
    scene.reply.finish()


@fault("header-huge")
async def header_huge(scene: Scene) -> None:
    """One header of a megabyte."""
    await scene.reply.raw(b"HTTP/1.1 200 OK\r\nx-huge: " + b"x" * 1_048_576 + b"\r\ncontent-length: 2\r\n\r\n{}")
    scene.reply.finish()


@fault("header-injection")
async def header_injection(scene: Scene) -> None:
    """Headers that a gateway must not hand on: a cookie, hop-by-hop names, an origin."""
    more = {
        "set-cookie": "session=upstream",
        "connection": "keep-alive, x-hop",
        "x-hop": "1",
        "access-control-allow-origin": "*",
        "content-security-policy": "none",
    }
    await scene.play(scene.events(), more)


def _head(scene: Scene, length: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\ncontent-type: {scene.content_type}\r\ncontent-length: {length}\r\n\r\n".encode()
