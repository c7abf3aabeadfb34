"""`/health`, `/healthz`, `/ready`, `/readyz`, `/metrics`.

Health answers before authentication and does no I/O. Metrics need a key off loopback. The shape of `/health` is the union
of what its readers look for: OpenClaw's `{ok, status}` and Buddy's envelope.
"""

from __future__ import annotations

from collections.abc import Callable

from crawdad import __version__
from crawdad.api.addresses import SET_BY_PROXIES
from crawdad.api.call import Call, Headers
from crawdad.api.console.pages import PREFIX as CONSOLE
from crawdad.api.console.pages import wants_page
from crawdad.api.speaking import Gate
from crawdad.core.health import HealthLevel
from crawdad.core.identity import Permission

_NO_STORE: Headers = {"cache-control": "no-store"}
_LOOPBACK = ("127.0.0.1", "::1")
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class ProbeRoutes:
    """Handlers bound to what they report on. `failing` names the parts that are not ready, `level` is how well it
    does."""

    def __init__(
        self,
        gate: Gate,
        failing: Callable[[], list[str]],
        level: Callable[[], HealthLevel],
        exposition: Callable[[], bytes],
    ) -> None:
        self._gate = gate
        self._failing = failing
        self._level = level
        self._exposition = exposition
        self._started = gate.clock.monotonic()

    async def health(self, call: Call) -> None:
        """The process answers. `health` is how well it does, as it was last looked at."""
        body = {
            "ok": True,
            "status": "live",
            "version": __version__,
            "health": self._level(),
            "code": 200,
            "message": "success",
            "data": {"status": "ok"},
        }
        await call.json(200, body, _NO_STORE)

    async def root(self, call: Call) -> None:
        """A word for whoever opens the address, a browser is shown the web console; Claude Code asks it whether anybody is
        there."""
        if wants_page(call.header(b"accept")):
            await call.answer(302, b"", "text/plain", {**_NO_STORE, "location": f"{CONSOLE}/", "vary": "accept"})
            return
        await call.json(200, {"name": "crawdad", "version": __version__, "status": "live"}, _NO_STORE)

    async def ready(self, call: Call) -> None:
        """200 when turns can be taken, else 503 with what is missing."""
        failing = self._failing()
        uptime = round((self._gate.clock.monotonic() - self._started) * 1000)
        body = {"ready": not failing, "failing": failing, "uptimeMs": uptime}
        await call.json(503 if failing else 200, body, _NO_STORE)

    async def metrics(self, call: Call) -> None:
        """Prometheus's text format."""
        forwarded = any(name in call.headers for name in SET_BY_PROXIES)
        if call.address not in _LOOPBACK or forwarded or call.credential():
            self._gate.door.enter(call.credential(), call.address).need(Permission.METRICS_READ)
        await call.answer(200, self._exposition(), METRICS_TYPE, _NO_STORE)
