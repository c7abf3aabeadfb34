"""A tunnel by Cloudflare to this gateway: `cloudflared`, started, watched and stopped.

The program is the operator's own; nothing is downloaded. A tunnel lets the internet in, so there is none while authentication
is off. What it prints is read for the address and for the reason when it ends.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import structlog

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.networks import contains
from crawdad.core.ports import Clock
from crawdad.core.secret import Secret
from crawdad.core.settings import GatewaySettings, Settings
from crawdad.core.text import Text
from crawdad.services.tasks import Tasks

_log = structlog.get_logger(__name__)
PROGRAM = "cloudflared"
_QUICK_URL = re.compile(r"https://(?!api\.)[a-z0-9][a-z0-9-]*\.trycloudflare\.com(?![\w.-])")
_INGRESS = re.compile(r'config="(\{.*\})"')
_FAULT = re.compile(r"\b(?:ERR|FTL)\b\s+(.*)")
_TOKEN = re.compile(r"[A-Za-z0-9+/=_-]{20,4096}\Z")
_FIRST_PAUSE, _LONGEST_PAUSE, _STABLE_SECONDS = 1.0, 60.0, 60.0
_LONGEST_REASON = 300

INSTALL_LINES: Mapping[str, str] = {
    "darwin": "brew install cloudflared",
    "win32": "winget install --id Cloudflare.cloudflared",
    "linux": "sudo apt-get install cloudflared",
}
"""How people install the program, by `sys.platform`."""
INSTALL_PAGE = "https://developers.cloudflare.com/cloudflare-one/connections/connect-networks/downloads/"

Mode = Literal["quick", "auth"]


class TunnelProcess(Protocol):
    """The program while it runs."""

    def lines(self) -> AsyncIterator[str]:
        """What it prints, until it ends."""

    async def wait(self) -> int:
        """Its exit code, once it has ended."""

    async def stop(self) -> None:
        """End it and wait until it has."""


class TunnelPrograms(Protocol):
    """Finds and starts the program."""

    @property
    def folder(self) -> str:
        """Where it may be put besides the search path."""

    async def find(self, name: str) -> str | None: ...

    async def version(self, path: str) -> str | None: ...

    async def start(self, path: str, arguments: Sequence[str], variables: Mapping[str, str]) -> TunnelProcess:
        """Start it with `variables` besides the ordinary environment; it ends with this process. Raises `GatewayError`."""


@dataclass(frozen=True, slots=True)
class TunnelOrder:
    """What kind of tunnel, and to which port of ours. `auth` is a named tunnel, which needs its token."""

    port: int
    mode: Mode = "quick"
    token: Secret | None = None
    http2: bool = False


@dataclass(frozen=True, slots=True)
class TunnelStatus:
    """As the contract tells it. `url` is None until the program has said it."""

    installed: bool
    version: str | None
    running: bool
    url: str | None
    error: Text | str | None
    mode: Mode | None = None
    restarts: int = 0


def stands_open(gateway: GatewaySettings) -> bool:
    """Whether whoever comes through a tunnel, a program on this machine, would be let in unasked: nobody is asked, or programs
    on this machine may say who comes."""
    auth = gateway.auth
    return auth.mode == "none" or (auth.mode == "trusted-proxy" and contains(gateway.trusted_proxies, "127.0.0.1"))


class Tunnel:
    """At most one. It is started again with growing pauses when it ends by itself."""

    def __init__(self, programs: TunnelPrograms, tasks: Tasks, clock: Clock, settings: Callable[[], Settings]) -> None:
        self._programs = programs
        self._tasks = tasks
        self._clock = clock
        self._settings = settings
        self._lock = asyncio.Lock()
        self._order: TunnelOrder | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._process: TunnelProcess | None = None
        self._url: str | None = None
        self._error: Text | str | None = None
        self._restarts = 0

    async def status(self) -> TunnelStatus:
        """How it stands; the program is looked at each time, for it may come and go."""
        path = await self._programs.find(PROGRAM)
        said = await self._programs.version(path) if path else None
        return TunnelStatus(
            installed=path is not None,
            version=said.splitlines()[0][:200] if said else None,
            running=self._process is not None,
            url=self._url,
            error=self._error,
            mode=self._order.mode if self._order else None,
            restarts=self._restarts,
        )

    async def start(self, order: TunnelOrder, platform: str) -> TunnelStatus:
        """Open a tunnel, unless one is open. Raises FORBIDDEN while authentication is off or for a port that is not ours,
        NOT_FOUND where the program is missing, BAD_REQUEST without the token that a named tunnel needs."""
        async with self._lock:
            if self._keeper is None or self._keeper.done():
                self._check(order)
                path = await self._programs.find(PROGRAM)
                if path is None:
                    raise missing("tunnel.missing", platform, self._programs.folder)
                self._process = await self._programs.start(path, *_call(order))
                self._order, self._url, self._error, self._restarts = order, None, None, 0
                self._keeper = self._tasks.start(self._keep(path, order, self._process), "tunnel")
                _log.info("tunnel_started", mode=order.mode, port=order.port)
        return await self.status()

    async def stop(self, reason: Text | None = None) -> TunnelStatus:
        """Close it. `reason`: why it was not the operator who did."""
        async with self._lock:
            if self._keeper is not None:
                if not self._keeper.cancelling():  # a second time would cut short the end that it is making
                    self._keeper.cancel()
                await asyncio.wait({self._keeper})  # awaiting it would hide that whoever stops it is cancelled
                _log.info("tunnel_stopped")
            self._keeper = self._order = self._url = None
            self._error = reason
        return await self.status()

    async def check_door(self) -> None:
        """Close it at once when nobody has to prove any more who he is."""
        if stands_open(self._settings().gateway) and self._keeper is not None:
            await self.stop(Text("tunnel.closed_door"))

    def refused_install(self, platform: str) -> GatewayError:
        """What is said to those who want the program downloaded."""
        error = missing("tunnel.not_downloaded", platform, self._programs.folder)
        error.details["code"] = "not_implemented"
        return error

    def _check(self, order: TunnelOrder) -> None:
        gateway = self._settings().gateway
        if stands_open(gateway):
            raise GatewayError(ErrorKind.FORBIDDEN, Text("tunnel.open_door"), {"code": "authentication_off"})
        if order.mode == "auth":
            if order.token is None or not order.token.reveal():
                raise GatewayError(ErrorKind.BAD_REQUEST, Text("tunnel.no_token"), {"param": "token"})
            if not _TOKEN.match(order.token.reveal()):
                raise GatewayError(ErrorKind.BAD_REQUEST, Text("tunnel.bad_token"), {"param": "token"})

    async def _keep(self, path: str, order: TunnelOrder, process: TunnelProcess) -> None:
        """Follow the program, and start it again when it ends."""
        pause = _FIRST_PAUSE
        current: TunnelProcess | None = process
        try:
            while True:
                began = self._clock.monotonic()
                code: object = "-"
                reason = ""
                if current is not None:
                    reason = await self._follow(current)
                    code = await current.wait()
                if self._clock.monotonic() - began > _STABLE_SECONDS:
                    pause = _FIRST_PAUSE
                self._process = self._url = current = None
                values = {"code": code, "reason": reason, "seconds": round(pause)}
                self._error = Text("tunnel.ended", values)
                _log.warning("tunnel_ended", code=code, again_in=pause)
                await self._clock.sleep(pause)
                pause = min(_LONGEST_PAUSE, pause * 2)
                self._restarts += 1
                try:
                    current = self._process = await self._programs.start(path, *_call(order))
                except GatewayError as error:
                    self._error = error.text
        finally:
            self._process = self._url = None
            if current is not None:
                await current.stop()

    async def _follow(self, process: TunnelProcess) -> str:
        """Read what the program prints until it ends: why, as far as it said."""
        reason = ""
        async for line in process.lines():
            url = url_in(line)
            if url is not None and self._url is None:
                self._url, self._error = url, None
                _log.info("tunnel_open", url=url)
            fault = _FAULT.search(line)
            if fault:
                reason = fault[1].strip()[:_LONGEST_REASON]
        return reason


def url_in(line: str) -> str | None:
    """The address that a line of the program's output tells: of a quick tunnel, or the first host name of a named one."""
    quick = _QUICK_URL.search(line)
    if quick:
        return quick[0]
    ingress = _INGRESS.search(line)
    if not ingress or len(line) > 65_536:
        return None
    try:
        rules = json.loads(json.loads(f'"{ingress[1]}"'))["ingress"]
        host = next(rule["hostname"] for rule in rules if rule.get("hostname"))
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return None
    return f"https://{host}" if isinstance(host, str) and re.fullmatch(r"[\w*.-]{1,253}", host) else None


def missing(key: str, platform: str, folder: str) -> GatewayError:
    """The program is not there; how to get it."""
    line = INSTALL_LINES.get(platform, INSTALL_PAGE)
    command = f"{line} ({INSTALL_PAGE})" if line != INSTALL_PAGE else line
    return GatewayError(
        ErrorKind.NOT_FOUND, Text(key, {"command": command, "folder": folder}), {"code": "not_installed"}
    )


def _call(order: TunnelOrder) -> tuple[list[str], dict[str, str]]:
    """Arguments and variables. The token is a variable: arguments are for everybody on the machine to read."""
    variables = {"NO_AUTOUPDATE": "true"}
    if order.http2:
        variables["TUNNEL_TRANSPORT_PROTOCOL"] = "http2"
    if order.mode == "auth" and order.token is not None:
        return ["tunnel", "run"], {**variables, "TUNNEL_TOKEN": order.token.reveal()}
    # The tunnel's own host name is none that the gateway answers to; the visitor is told apart by another header.
    return ["tunnel", "--url", f"http://127.0.0.1:{order.port}", "--http-host-header", "localhost"], variables
