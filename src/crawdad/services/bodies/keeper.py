"""Keeping bodies costs a request next to nothing: it holds on to what passes by, and another thread does the rest.

That thread takes a twentieth of a processor at most, and what waits for it is bounded: a gateway that is busy to the brim
answers requests, and gives up bodies. Those are counted. Exchanges are never given up for it.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import orjson
import structlog

from crawdad.core.errors import GatewayError
from crawdad.core.exchange import Exchange
from crawdad.core.happenings import Event
from crawdad.core.log import Bodies, Body
from crawdad.core.ports import Bus, Clock
from crawdad.core.settings import BodySettings
from crawdad.services.bodies.readable import told
from crawdad.services.bodies.redaction import fit
from crawdad.store.bodies import PackedBodies, pack_bodies

SWITCHED = "monitor.switched"
_MOST_HELD_BYTES = 24 * 1024 * 1024
_MOST_WAITING = 2000
_REST = 19
"""After its work the thread rests for so many times as long as it took."""
_STREAM_FACTOR = 16
"""A stream's framing takes many times what it tells."""
_PIECE_OVERHEAD = 64
_BATCH = 64
_BATCHES_A_ROUND = 4
_BATCH_BYTES = 4 * 1024 * 1024
_LET_OTHERS_AFTER_BYTES = 16 * 1024
_GATHER_SECONDS = 0.1
"""Many bodies go in one transaction; less than the journal waits, so that a body is there when its exchange can be seen."""
_LONGEST_PAUSE = 5.0

_log = structlog.get_logger(__name__)
Capturing = Literal["all", "errors", "off"]


class Store(Protocol):
    """Where bodies go."""

    async def insert(self, rows: list[PackedBodies]) -> None: ...


class BodyCapture:
    """What passes by of one exchange, by reference."""

    __slots__ = (
        *("_cut", "_document", "_heard", "_keeper", "_most", "_pieces", "_request", "_request_size", "_request_type"),
        *("_response_type", "_secrets", "_streamed", "exchange", "held", "lost"),
    )

    def __init__(self, keeper: BodyKeeper, most: int) -> None:
        self._keeper = keeper
        self._most = most
        self._request: bytes | None = None
        self._request_size = 0
        self._request_type = ""
        self._pieces: list[bytes] = []
        self._response_type = ""
        self._streamed = False
        self._document: object = None
        self._cut = False
        self._secrets: tuple[bytes, ...] = ()
        self._heard = 0
        self.exchange: Exchange | None = None
        self.held = 0
        self.lost = False
        """Whether there was no room for it."""

    def asked(self, exchange: Exchange, raw: bytes, content_type: str, secrets: tuple[bytes, ...] = ()) -> None:
        """The request. `secrets` are the credentials that came with it: they are looked for in both bodies."""
        self.exchange = exchange
        self._secrets = secrets
        self._request_type = content_type
        self._request_size = len(raw)
        kept = raw if len(raw) <= self._keeper.most // 4 else raw[: self._most]
        self.lost = not self._hold(len(kept))
        self._request = None if self.lost else kept

    def told(self, body: bytes, media_type: str) -> None:
        """The whole answer; takes the place of what was heard before."""
        self._response_type = media_type
        self._streamed = False
        kept = body if len(body) <= self._keeper.most // 4 else body[: self._most]
        self._pieces = [kept] if self._hold(len(kept)) else []
        self._cut = len(kept) < len(body) or not self._pieces

    def streams(self, media_type: str) -> None:
        """The answer comes in pieces."""
        self._response_type = media_type
        self._streamed = True

    def heard(self, piece: bytes) -> None:
        """A piece of the answer."""
        if self._cut:
            return
        size = len(piece) + _PIECE_OVERHEAD
        self._heard += size
        if self._heard > self._most * _STREAM_FACTOR or not self._hold(size):
            self._cut = True
            return
        self._pieces.append(piece)

    def answered_with(self, document: object) -> None:
        """The answer as a document that is put into words later. It must not change any more."""
        self._response_type = "application/json"
        self._document = document

    def bodies(self) -> Bodies:
        """Fit to be kept. Takes its time: not for the event loop."""
        request = None if self._request is None else self._fit(self._request, self._request_type, self._request_size)
        answer = b"".join(self._pieces)
        if self._document is not None:
            answer = orjson.dumps(self._document, default=str, option=orjson.OPT_NON_STR_KEYS)
        elif self._streamed and self._response_type.startswith("text/event-stream") and self.exchange is not None:
            answer = told(self.exchange.protocol, answer, self.exchange.usage) or answer
        response = self._fit(answer, self._response_type, len(answer)) if answer else None
        if response is not None and self._cut:
            response = Body(response.text, True)
        return Bodies(request, response)

    def _fit(self, data: bytes, media_type: str, size: int) -> Body:
        if media_type.startswith("multipart/") or not _is_text(data[: self._most], media_type):
            return Body(f"[{media_type.partition(';')[0][:80] or 'binary'}, {size} bytes]")
        clean, more = fit(data, self._most, self._secrets, self._keeper.known())
        return Body(_decoded(clean), more or size > len(data))

    def _hold(self, size: int) -> bool:
        if not self._keeper.hold(size):
            return False
        self.held += size
        return True


class BodyKeeper:
    """Decides what is captured, and writes it. One for a process; used from the event loop alone."""

    known: Callable[[], Sequence[bytes]] = tuple
    """Spellings of secrets that are looked for in all bodies: an upstream may repeat a key of its own."""

    def __init__(
        self, store: Store, settings: Callable[[], BodySettings], clock: Clock, bus: Bus, most: int = _MOST_HELD_BYTES
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._bus = bus
        self.most = most
        self._held = 0
        self._queue: deque[BodyCapture] = deque()
        self._some = asyncio.Event()
        self._one_writer = asyncio.Lock()
        self._switch: bool | None = None
        self.dropped = 0
        """How many exchanges' bodies were given up."""

    @property
    def capturing(self) -> Capturing:
        """What is captured now: as the settings say, unless somebody used the switch."""
        configured = self._settings().capture
        if self._switch is None:
            return configured
        if not self._switch:
            return "off"
        return "all" if configured == "off" else configured

    async def switch(self, on: bool) -> None:
        """Capture or not, until the next start, in every process of the cluster."""
        self._switch = on
        await self._bus.publish(Event(SWITCHED, {"on": on}, self._clock.now()))

    async def obey(self) -> None:
        """Do what was switched in other processes, for ever."""
        async for wish in self._bus.subscribe([SWITCHED]):
            if isinstance(wish.data.get("on"), bool):
                self._switch = wish.data["on"]

    def begin(self) -> BodyCapture | None:
        """A capture for one exchange, None while nothing is captured."""
        if self.capturing == "off":
            return None
        return BodyCapture(self, self._settings().max_bytes)

    def keep(self, capture: BodyCapture) -> None:
        """The exchange has ended: write what was captured, if it is wanted."""
        exchange = capture.exchange
        failed = exchange is not None and (exchange.outcome not in ("completed", "open") or exchange.status >= 400)
        capturing = self.capturing
        if exchange is None or capturing == "off" or (capturing == "errors" and not failed):
            self.release(capture)
        elif capture.lost or len(self._queue) >= _MOST_WAITING:
            self.release(capture)
            self.dropped += 1
        else:
            self._queue.append(capture)
            self._some.set()

    def hold(self, size: int) -> bool:
        """Whether so many bytes more may be held on to; they are then counted."""
        if self._held + size > self.most:
            return False
        self._held += size
        return True

    def release(self, capture: BodyCapture) -> None:
        """Let go of what a capture held."""
        self._held -= capture.held
        capture.held = 0

    async def keep_writing(self) -> None:
        """Write whatever there is to write, for ever."""
        pause = 0.1
        while True:
            self._some.clear()
            try:
                worked = await self.flush(_BATCHES_A_ROUND)
                pause = 0.1
            except GatewayError as error:  # the database is away: what there is room for waits
                _log.warning("bodies_wait", reason=error.message(), waiting=len(self._queue))
                self._shed()
                await self._clock.sleep(pause)
                pause = min(_LONGEST_PAUSE, 2 * pause)
                continue
            await self._clock.sleep(max(_GATHER_SECONDS, worked * _REST))
            if not self._queue:
                await self._some.wait()
                await self._clock.sleep(_GATHER_SECONDS)

    async def flush(self, most_batches: int | None = None) -> float:
        """Write what has been kept so far: how many seconds of work that was. Raises UNAVAILABLE when the database is."""
        worked = 0.0
        async with self._one_writer:
            while (most_batches is None or most_batches > 0) and (batch := self._batch()):
                most_batches = None if most_batches is None else most_batches - 1
                rows, seconds = await asyncio.to_thread(_rows, batch)
                worked += seconds
                await self._store.insert(rows)
                for capture in batch:
                    self._queue.popleft()
                    self.release(capture)
        return worked

    def _batch(self) -> list[BodyCapture]:
        batch: list[BodyCapture] = []
        size = 0
        for capture in self._queue:
            size += capture.held
            if batch and (len(batch) == _BATCH or size > _BATCH_BYTES):
                break
            batch.append(capture)
        return batch

    def _shed(self) -> None:
        """Give up the oldest while they take more than half of what may be held: what runs needs room too."""
        while self._queue and self._held > self.most // 2:
            self.release(self._queue.popleft())
            self.dropped += 1


def _rows(batch: list[BodyCapture]) -> tuple[list[PackedBodies], float]:
    """The rows, and how many seconds of this thread's time they took."""
    began = time.thread_time()
    rows = []
    size = 0
    for capture in batch:
        exchange = capture.exchange
        assert exchange is not None
        try:
            rows.append(pack_bodies(exchange.id, exchange.started_at, capture.bodies()))
        except Exception:  # one body that nobody can read must not hold up the others
            _log.exception("body_not_kept", exchange=exchange.id)
        size += capture.held
        if size > _LET_OTHERS_AFTER_BYTES:
            size = 0
            time.sleep(0)  # let the event loop have the interpreter
    return rows, time.thread_time() - began


def _is_text(beginning: bytes, media_type: str) -> bool:
    if b"\0" in beginning:
        return False
    if "json" in media_type or media_type.startswith("text/"):
        return True
    try:
        beginning[:4096].decode()
    except UnicodeDecodeError as error:
        return error.start >= len(beginning[:4096]) - 4 > 0  # cut within a character
    return True


def _decoded(data: bytes) -> str:
    """The text, without the piece of a character that a cut may have left at its end; PostgreSQL takes no NUL."""
    return data.decode("utf-8", "ignore").replace("\0", "\ufffd")
