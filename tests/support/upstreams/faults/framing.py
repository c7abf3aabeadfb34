"""Faults of framing: the content is right, its bytes come in unusual or broken wrapping."""

from __future__ import annotations

import gzip
import re
import zlib

from tests.support.upstreams import cuts
from tests.support.upstreams.faults.scene import Scene, fault

MEGABYTE = 1024 * 1024


@fault("one-byte")
async def one_byte(scene: Scene) -> None:
    """Every byte in a chunk of its own."""
    await scene.play(cuts.every(1)(scene.body()))


@fault("split-utf8")
async def split_utf8(scene: Scene) -> None:
    """A cut inside every character that has more than one byte."""
    await scene.play(cuts.inside_characters(scene.body()))


@fault("split-blank-lines", needs="sse")
async def split_blank_lines(scene: Scene) -> None:
    """A cut inside every blank line."""
    await scene.play(cuts.before_last_newline(scene.body()))


@fault("odd-cuts")
async def odd_cuts(scene: Scene) -> None:
    """Chunks of random sizes."""
    await scene.play(cuts.odd(scene.count)(scene.body()))


@fault("glued")
async def glued(scene: Scene) -> None:
    """The whole stream in one chunk."""
    await scene.play([scene.body()])


def _plain(scene: Scene) -> bytes:
    return scene.body().replace(b"\r\n", b"\n")


@fault("crlf")
async def crlf(scene: Scene) -> None:
    """Lines end with CR LF, and the cuts go between the two."""
    await scene.play(cuts.odd(3)(_plain(scene).replace(b"\n", b"\r\n")))


@fault("cr", needs="sse")
async def cr(scene: Scene) -> None:
    """Lines end with CR alone, which SSE allows."""
    await scene.play([_plain(scene).replace(b"\n", b"\r")])


@fault("bom", needs="sse")
async def bom(scene: Scene) -> None:
    """A byte order mark in front, which SSE allows."""
    await scene.play([b"\xef\xbb\xbf", *scene.events()])


@fault("no-space", needs="sse")
async def no_space(scene: Scene) -> None:
    """`data:{…}` without the space."""
    await scene.play([scene.body().replace(b"data: ", b"data:").replace(b"event: ", b"event:")])


@fault("comments", needs="sse")
async def comments(scene: Scene) -> None:
    """A comment before and after each event."""
    await scene.play(b": PROCESSING\n\n" + event + b":\n\n" for event in scene.events())


@fault("event-ids", needs="sse")
async def event_ids(scene: Scene) -> None:
    """The fields `id` and `retry` in each event."""
    await scene.play(b"id: 1\nretry: 100\n" + event for event in scene.events())


@fault("split-data", needs="sse")
async def split_data(scene: Scene) -> None:
    """The JSON of each event over two `data:` lines, which SSE joins with a newline."""
    await scene.play(re.sub(rb"(data: \{)", rb"\1\ndata: ", event) for event in scene.events())


@fault("empty-events", needs="sse")
async def empty_events(scene: Scene) -> None:
    """Events without data between the others."""
    await scene.play(b"data: \n\n\n\nevent: nothing\n\n" + event for event in scene.events())


@fault("unknown-events", needs="sse")
async def unknown_events(scene: Scene) -> None:
    """Events of a type that nobody has heard of, and unknown fields."""
    strange = b'event: vendor.novelty\ndata: {"type":"vendor.novelty","sequence_number":0,"payload":{"a":[1,2]}}\n\n'
    await scene.play(piece for event in scene.events() for piece in (event, strange))


@fault("garbage-event", needs="sse")
async def garbage_event(scene: Scene) -> None:
    """An event in the middle whose data is not JSON."""
    events = scene.events()
    middle = len(events) // 2
    await scene.play([*events[:middle], b'data: {"id": "x", "choices": [{"delta": \n\n', *events[middle:]])


@fault("garbage-bytes")
async def garbage_bytes(scene: Scene) -> None:
    """Bytes in the text that are not UTF-8."""
    await scene.play([scene.body().replace(b"scripted", b"scr\xff\xfe\xc3(pted")])


@fault("single-newlines", needs="sse")
async def single_newlines(scene: Scene) -> None:
    """No blank lines between events."""
    await scene.play([re.sub(rb"\n\n", b"\n", _plain(scene))])


@fault("no-done", needs="stream")
async def no_done(scene: Scene) -> None:
    """The last event (`[DONE]`, `message_stop`, …) never comes, though the connection ends properly."""
    await scene.play(scene.events()[:-1])


@fault("no-last-newline")
async def no_last_newline(scene: Scene) -> None:
    """The blank line after the last event is missing."""
    await scene.play([scene.body().rstrip()])


@fault("cut-short")
async def cut_short(scene: Scene) -> None:
    """Half of the events, then a proper end of the connection's answer."""
    events = scene.events()
    half = events[: len(events) // 2] if scene.ask.stream else [events[0][: len(events[0]) // 2]]
    await scene.play(half)


@fault("cut-inside-event")
async def cut_inside_event(scene: Scene) -> None:
    """The proper end comes in the middle of an event's JSON."""
    body = scene.body()
    await scene.play([body[: body.rfind(b"{", 0, len(body) // 2) + 9]])


@fault("after-done", needs="stream")
async def after_done(scene: Scene) -> None:
    """The stream goes on after its terminator."""
    events = scene.events()
    await scene.play([*events, *events[1:3]])


@fault("wrong-content-type")
async def wrong_content_type(scene: Scene) -> None:
    """A right answer that says `type` (text/html) of itself."""
    await scene.play(scene.events(), {"content-type": scene.options.get("type", "text/html")})


@fault("no-content-type")
async def no_content_type(scene: Scene) -> None:
    """A right answer that does not say what it is."""
    await scene.reply.begin(200)
    for event in scene.events():
        await scene.reply.send(event)
    await scene.reply.end()


@fault("gzip")
async def gzipped(scene: Scene) -> None:
    """Compressed, and said so, whether or not the client offered to take it."""
    await scene.play([gzip.compress(scene.body())], {"content-encoding": "gzip"})


@fault("gzip-without-header")
async def gzip_without_header(scene: Scene) -> None:
    """Compressed, and not said so."""
    await scene.play([gzip.compress(scene.body())])


@fault("gzip-broken")
async def gzip_broken(scene: Scene) -> None:
    """Said to be compressed, and is not."""
    await scene.play(scene.events(), {"content-encoding": "gzip"})


@fault("gzip-bomb")
async def gzip_bomb(scene: Scene) -> None:
    """Compressed spaces without end, inside what looks like an answer."""
    await scene.begin({"content-encoding": "gzip"})
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    await scene.reply.send(squeeze.compress(scene.events()[0][:-2]))
    while True:
        await scene.reply.send(squeeze.compress(b" " * MEGABYTE) or squeeze.flush(zlib.Z_SYNC_FLUSH))
