"""Webchat in the suite. It has no platform: its other side are pages on the gateway's own sockets, so that pages in memory speak
its frames to the real channel (`tests/e2e/channels/test_webchat.py` opens them over a real gateway)."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import orjson

from crawdad.adapters.channels import webchat
from crawdad.core.channels import Channel, ChannelContext, SendOutcome
from crawdad.core.parts import JsonObject
from crawdad.services.tasks import Tasks
from tests.channels.simulator import Said, Simulator
from tests.support.waiting import PATIENCE

SECRET = "webchat-state-secret-51"
TOKEN = "page-token-8842"


class Page:
    """The page of one visitor: what stands on it, and the socket that it has at present. It comes back when it was cut off, and
    says again what could not be kept."""

    path = ""
    headers: Mapping[str, str] = {}
    query: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.accepted: set[str] = set()
        self.is_welcome = asyncio.Event()
        self._saying: asyncio.Queue[str | None] = asyncio.Queue()
        self._said: dict[str, JsonObject] = {}

    def begin(self, **hello: Any) -> None:
        """Open anew."""
        self._saying = asyncio.Queue()
        self._put({"type": "hello", **hello})

    def say(self, frame: JsonObject) -> None:
        self._said[frame["id"]] = frame
        self._put(frame)

    def _put(self, frame: JsonObject) -> None:
        self._saying.put_nowait(orjson.dumps(frame).decode())

    async def receive(self) -> str:
        said = await self._saying.get()
        if said is None:
            raise EOFError
        return said

    async def send(self, message: str | bytes) -> None:
        frame = orjson.loads(message)
        match frame["type"]:
            case "welcome":
                self.texts = {one["id"]: one["text"] for one in frame["messages"]}
                self.is_welcome.set()
            case "message" | "edit":
                self.texts[frame["id"]] = frame["text"]
            case "deleted":
                self.texts.pop(frame["id"], None)
            case "accepted":
                self.accepted.add(frame["id"])
            case "error" if frame["code"] == "not_kept":
                await asyncio.sleep(0.1)
                self._put(self._said[frame["id"]])
            case "typing":
                pass
            case _:
                raise AssertionError(frame)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.is_welcome.clear()
        self._saying.put_nowait(None)


class WebchatPages:
    """The visitors of all accounts."""

    abilities = frozenset(("repeat", "acknowledge", "names"))
    people: Sequence[str] = ("v1", "v2", "v3", "v4", "v5")
    group = ""
    secret = TOKEN

    def __init__(self, tasks: Tasks) -> None:
        self.kind = replace(webchat.CHANNEL, open=self._open)
        self._tasks = tasks
        self._channels: dict[str, Channel] = {}
        self._opened: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._pages: dict[tuple[str, str], Page] = {}
        self._said: dict[str, JsonObject] = {}
        self._count = itertools.count(1)

    def _open(self, context: ChannelContext) -> Channel:
        made = webchat.CHANNEL.open(context)
        self._channels[context.account.name] = made
        self._opened.pop(context.account.name, asyncio.Event()).set()
        return made

    def settings(self, account: str) -> JsonObject:
        return {"token": TOKEN}

    def signed_in(self, account: str) -> JsonObject:
        return {"secret": SECRET}

    async def say(self, said: Said) -> str:
        visitor = said.sender or self.people[0]
        name = f"m{next(self._count)}"
        self._said[f"{visitor}:{name}"] = {"type": "message", "id": name, "text": said.text}
        await self.repeat(f"{visitor}:{name}", said.account)
        return f"{visitor}:{name}"

    async def repeat(self, event_id: str, account: str = "default") -> None:
        page = await self._page(account, event_id.partition(":")[0])
        page.say(self._said[event_id])

    async def _page(self, account: str, visitor: str) -> Page:
        """The visitor's page, once it is there."""
        page = self._pages.get((account, visitor))
        if page is None:
            page = self._pages[account, visitor] = Page()
            self._tasks.start(self._hold(account, visitor, page), f"page of {visitor}")
        async with asyncio.timeout(PATIENCE):
            await page.is_welcome.wait()
        return page

    async def _hold(self, account: str, visitor: str, page: Page) -> None:
        key = hmac.new(SECRET.encode(), visitor.encode(), hashlib.sha256).hexdigest()
        known: Channel | None = None
        while True:
            opened = self._opened[account]
            if (channel := self._channels.get(account)) is None or channel is known:
                await opened.wait()
                continue
            known = channel
            page.begin(token=TOKEN, visitor=visitor, key=key)
            with contextlib.suppress(EOFError):
                await channel.socket(page)

    def acknowledged(self, event_id: str, account: str = "default") -> bool:
        visitor, _, name = event_id.partition(":")
        return name in self._pages[account, visitor].accepted

    def texts(self, chat: str, account: str = "default") -> Sequence[str]:
        page = self._pages.get((account, chat))
        return list(page.texts.values()) if page is not None else []

    async def fail(
        self, outcome: SendOutcome, account: str = "default", *, times: int = 1, taken: bool = False, seconds: float = 0
    ) -> None:
        raise NotImplementedError

    async def cut(self, account: str = "default") -> None:
        raise NotImplementedError

    async def mend(self, account: str = "default") -> None:
        raise NotImplementedError

    async def expire(self, account: str = "default") -> None:
        raise NotImplementedError


@asynccontextmanager
async def webchat_pages() -> AsyncIterator[Simulator]:
    """Webchat."""
    async with Tasks() as tasks:
        yield WebchatPages(tasks)
