"""Signing in: beginning a flow, taking what comes back, keeping the account.

A flow is begun by an administrator and named by its `state`, which nobody can guess; whoever brings it back with a code
ends it, whichever way: the loopback listener, the web callback, or what was pasted. Ending happens once, whatever comes
twice.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Protocol

import structlog

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import Principal
from crawdad.core.ports import Clock, Randomness
from crawdad.core.secret import Secret
from crawdad.core.text import Text
from crawdad.services.accounts.oauth import flows
from crawdad.services.accounts.oauth.arrivals import AccountBook, Arrivals, unknown_flow, words_of
from crawdad.services.accounts.oauth.completing import check_configured
from crawdad.services.accounts.oauth.endpoints import IdentityProvider
from crawdad.services.accounts.oauth.flow_store import FlowStore
from crawdad.services.accounts.oauth.flows import DeviceCodes, Flow, Method, Wish
from crawdad.services.accounts.oauth.protocol import (
    authorization_url,
    challenge,
    read_pasted,
    read_redirect,
)
from crawdad.services.tasks import Tasks

_log = structlog.get_logger(__name__)
_LOOK_SECONDS = 0.5
OnCallback = Callable[[Mapping[str, str]], Awaitable[Text | None]]
"""Takes the query of a callback; what went wrong, if anything did."""


class Listening(Protocol):
    """A port of this machine that waits for one browser."""

    redirect_uri: str

    async def close(self) -> None: ...


class Listeners(Protocol):
    """Opens such ports. Raises OSError where the machine gives none."""

    async def open(self, on_callback: OnCallback) -> Listening: ...


class SignIns:
    """All sign-ins with Google, of this process and the others."""

    def __init__(
        self,
        *,
        provider: IdentityProvider,
        store: FlowStore,
        book: AccountBook,
        listeners: Listeners,
        clock: Clock,
        randomness: Randomness,
        tasks: Tasks,
    ) -> None:
        self._provider = provider
        self._store = store
        self._arrivals = Arrivals(provider, store, book, clock)
        self._listeners = listeners
        self._clock = clock
        self._randomness = randomness
        self._tasks = tasks
        self._open: dict[str, Listening] = {}

    @property
    def provider(self) -> IdentityProvider:
        """Who is asked."""
        return self._provider

    # Beginning

    async def prepare(self, by: Principal, wish: Wish | None = None) -> Flow:
        """A flow that comes back to a port of this machine; the one that is under way, where there is one."""
        for flow in reversed(await self._store.all()):
            same = wish is None or flow.wish == wish
            if flow.method == "loopback" and flow.status == "pending" and flow.state in self._open and same:
                return flow
        check_configured(self._provider)
        listening: Listening | None = None
        try:
            listening = await self._listeners.open(self.callback)
            uri = listening.redirect_uri
        except OSError as error:  # the browser finds nobody there, but its address can be pasted
            _log.warning("no_loopback_listener", reason=str(error))
            uri = "http://127.0.0.1:1/oauth-callback"
        flow = await self._begin("loopback", uri, by, wish)
        if listening is not None:
            self._open[flow.state] = listening
            self._tasks.start(self._close_in_time(flow), "loopback listener")
        return flow

    async def start_web(self, redirect_uri: str, by: Principal, wish: Wish | None = None) -> Flow:
        """A flow that comes back to the gateway's own page."""
        check_configured(self._provider, redirect_uri)
        return await self._begin("web", redirect_uri, by, wish)

    async def start_device(self, by: Principal, wish: Wish | None = None) -> Flow:
        """A flow without a browser here. Raises what the provider says."""
        check_configured(self._provider)
        grant = await self._provider.begin_device()
        codes = DeviceCodes(
            grant.device_code, grant.user_code, grant.verification_url, grant.complete_url, grant.interval
        )
        now = self._clock.now()
        life = min(grant.expires_in, flows.LIFE_SECONDS)
        flow = Flow(
            self._secret(), "device", grant.verification_url, "", Secret(""), now, now + life, by,
            wish or Wish(), device=codes,
        )  # fmt: skip
        await self._store.put(flow)
        self._tasks.start(self._arrivals.ask_for_device(flow), "device sign-in")
        return flow

    def _secret(self) -> str:
        """Something that nobody can guess, of the length that PKCE asks for, and without the look of an API key."""
        return challenge(self._randomness.new_token())

    async def _begin(self, method: Method, redirect_uri: str, by: Principal, wish: Wish | None) -> Flow:
        state, verifier = self._secret(), self._secret()
        url = authorization_url(self._provider.settings, redirect_uri, state, verifier)
        now = self._clock.now()
        flow = Flow(
            state, method, url, redirect_uri, Secret(verifier), now, now + flows.LIFE_SECONDS, by, wish or Wish()
        )
        await self._store.put(flow)
        await self._store.all()  # lets the oldest go where there are too many
        return flow

    # What comes back

    async def callback(self, query: Mapping[str, str]) -> Text | None:
        """A browser came back from the consent page: what went wrong, if anything did. Never raises `GatewayError`."""
        try:
            await self._arrivals.take(read_redirect(query))
        except GatewayError as error:
            return words_of(error)
        return None

    async def submit(self, pasted: str, state: str | None) -> Flow:
        """Somebody pasted the code, or the address that the browser was sent to. Raises `GatewayError`."""
        redirected = read_pasted(pasted)
        if (
            redirected.state is not None
            and state
            and not hmac.compare_digest(redirected.state.encode(), state.encode())
        ):
            raise unknown_flow()
        known = redirected.state or state or await self._only_one()
        return await self._arrivals.take(replace(redirected, state=known))

    async def _only_one(self) -> str:
        waiting = [flow for flow in await self._store.all() if flow.status == "pending" and flow.method != "device"]
        if len(waiting) > 1:
            raise bad_request("oauth.which_flow", "state")
        if not waiting:
            raise GatewayError(ErrorKind.CONFLICT, Text("oauth.no_flow"), {"code": "no_flow"})
        return waiting[0].state

    # Asking, waiting, ending

    async def status(self, state: str) -> Flow:
        """A flow. Raises NOT_FOUND."""
        return await self._arrivals.known(state)

    async def wait(self, flow: Flow) -> Flow:
        """The flow once it is over."""
        while True:
            flow = await self._arrivals.known(flow.state)
            if flow.over:
                return flow
            await self._clock.sleep(_LOOK_SECONDS)

    async def waiting(self) -> Flow | None:
        """The newest flow that is under way."""
        return next((flow for flow in reversed(await self._store.all()) if not flow.over), None)

    async def cancel(self, state: str | None = None) -> int:
        """End one flow, or all that are under way: how many there were. Raises NOT_FOUND for an unknown state."""
        found = await self._store.all() if state is None else [await self._arrivals.known(state)]
        count = 0
        for flow in found:
            if flow.status == "pending" and await self._store.claim(flow):
                await self._arrivals.end(flow.cancelled())
                count += 1
        return count

    async def close(self) -> None:
        """Close every port."""
        for listening in [self._open.pop(state) for state in list(self._open)]:
            await listening.close()

    async def _close_in_time(self, flow: Flow) -> None:
        """Keep the port open until the flow is over, and a moment longer, so that the page is told."""
        try:
            await self.wait(flow)
            await self._clock.sleep(_LOOK_SECONDS)
        finally:
            listening = self._open.pop(flow.state, None)
            if listening is not None:
                await asyncio.shield(listening.close())
