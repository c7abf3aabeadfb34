"""Where the answers of jobs go: to a channel, to a webhook, or nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import orjson

from crawdad.core.agents import Delivery, Outbound
from crawdad.core.cron import CronRun, Job
from crawdad.core.errors import GatewayError
from crawdad.core.parts import Part, TextPart
from crawdad.core.ports import Timeouts, Transport, UpstreamCall
from crawdad.core.schedule_settings import CronSettings
from crawdad.core.sessions import Route, Sessions
from crawdad.core.text import Text
from crawdad.services.schedule.tokens import read_answer
from crawdad.wire.cron import write_run

_WEBHOOK_TIMEOUTS = Timeouts(connect=10.0, first_byte=10.0, idle=10.0)
_MOST_ANSWER_BYTES = 65_536
_READ_SECONDS = 10.0
"""What a webhook says beside that it has taken the call is waited for no longer: the run is open until then."""


class Deliveries:
    """Delivers what jobs and heartbeats say."""

    def __init__(
        self, outbound: Outbound, sessions: Sessions, transport: Transport, settings: Callable[[], CronSettings]
    ) -> None:
        self._outbound = outbound
        self._sessions = sessions
        self._transport = transport
        self._settings = settings

    async def announce(self, job: Job, run: CronRun, main_key: str, parts: Sequence[Part]) -> Delivery:
        """Tell the answer of a run to whoever the job names. Raises nothing: what failed is in the outcome."""
        text = "\n".join(part.text for part in parts if isinstance(part, TextPart))
        if read_answer(text).silent and all(isinstance(part, TextPart) for part in parts):
            return Delivery("not-delivered")
        route = await self.route(job.delivery.channel, job.delivery.to, main_key)
        if route is None:
            return Delivery("not-delivered", Text("cron.no_route"))
        return await self.send(route, parts, key=f"cron:{run.id}")

    async def route(self, channel: str, to: str, main_key: str, account: str = "") -> Route | None:
        """A channel as a job or the heartbeat names it; `last` is where the main session's last message came from."""
        if channel not in ("", "last"):
            return Route(channel, to, account)
        entry = await self._sessions.get(main_key)
        last = None if entry is None else entry.route
        if last is None or not to:
            return last
        return Route(last.channel, to, last.account)

    async def send(self, route: Route, parts: Sequence[Part], *, key: str) -> Delivery:
        """Send to a channel."""
        try:
            return await self._outbound.send(route, parts, key=key)
        except GatewayError as error:
            return Delivery("not-delivered", error.text)

    def webhook_of(self, job: Job) -> str:
        """Where the end of its runs is posted to; empty: nowhere."""
        if job.delivery.mode == "webhook":
            return job.delivery.to
        return (self._settings().webhook or "") if job.notify else ""

    async def post(self, url: str, run: CronRun) -> Delivery:
        """Post the end of a run. Redirects are not followed, private addresses not called."""
        token = self._settings().webhook_token
        headers = {"content-type": "application/json", "idempotency-key": run.id}
        if token is not None:
            headers["authorization"] = f"Bearer {token.reveal()}"
        body = orjson.dumps(write_run(run))
        call = UpstreamCall("POST", url, headers, body, _WEBHOOK_TIMEOUTS, guarded=True, redirects=False)
        try:
            answer = await self._transport.send(call)
        except GatewayError as error:
            return Delivery("not-delivered", error.text)
        try:
            if not 200 <= answer.status < 300:
                return Delivery("not-delivered", Text("cron.webhook_status", {"status": answer.status}))
            async with asyncio.timeout(_READ_SECONDS):
                await answer.read(_MOST_ANSWER_BYTES)
        except (GatewayError, TimeoutError):
            pass  # it was taken: what else is said does not count
        finally:
            await answer.close()
        return Delivery("delivered")
