"""What comes back from an identity provider: the code, the tokens, the person, the account that is kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Protocol

import structlog

from crawdad.core.accounts import Account
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import Principal
from crawdad.core.ports import Clock
from crawdad.core.text import Text
from crawdad.services.accounts.oauth.endpoints import IdentityProvider
from crawdad.services.accounts.oauth.flow_store import FlowStore
from crawdad.services.accounts.oauth.flows import Flow, Wish
from crawdad.services.accounts.oauth.google import person_order
from crawdad.services.accounts.oauth.protocol import Redirected, Tokens
from crawdad.services.accounts.orders import AccountOrder

_log = structlog.get_logger(__name__)
_LONGEST_PAUSE = 60.0
_LONGEST_STATE = 200
_BASICS = ("openid", "email", "profile")
_KEEP_TRYING = frozenset(
    {ErrorKind.UPSTREAM_BROKEN, ErrorKind.UPSTREAM_TIMEOUT, ErrorKind.RATE_LIMITED, ErrorKind.OVERLOADED}
)


class AccountBook(Protocol):
    """Where accounts are kept; one of the same label is renewed."""

    async def add(self, order: AccountOrder, by: Principal) -> Account: ...


class Arrivals:
    """Ends flows: each once, whatever comes twice."""

    def __init__(self, provider: IdentityProvider, store: FlowStore, book: AccountBook, clock: Clock) -> None:
        self._provider = provider
        self._store = store
        self._book = book
        self._clock = clock

    async def known(self, state: str) -> Flow:
        """A flow as it is now. Raises NOT_FOUND."""
        flow = await self._store.get(state) if 0 < len(state) <= _LONGEST_STATE else None
        if flow is None:
            raise unknown_flow()
        return flow

    async def take(self, redirected: Redirected) -> Flow:
        """Somebody came back from the consent page. Raises `GatewayError`."""
        flow = await self.known(redirected.state or "")
        if redirected.code is None and redirected.error is None:
            raise bad_request("oauth.pasted", "code")
        if flow.status == "expired":
            raise GatewayError(ErrorKind.BAD_REQUEST, flow.problem or Text("oauth.expired"), {"code": "expired"})
        if flow.over or flow.method == "device" or not await self._store.claim(flow):
            raise GatewayError(ErrorKind.CONFLICT, Text("oauth.used"), {"code": "used"})
        await self._store.put(flow.claimed())
        if redirected.code is None:
            words = Text("oauth.access_denied")
            if redirected.error != "access_denied":
                words = Text("oauth.denied", {"reason": redirected.error})
            await self.end(flow.failed(words))
            raise GatewayError(ErrorKind.BAD_REQUEST, words, {"code": "access_denied"})
        code = redirected.code
        return await self.finish(
            flow, lambda: self._provider.exchange_code(code, flow.redirect_uri, flow.verifier.reveal())
        )

    async def finish(self, flow: Flow, grant: Callable[[], Awaitable[Tokens]]) -> Flow:
        """Tokens, the person, the account: the flow completed. Raises `GatewayError`; the flow has then failed."""
        problem = Text("oauth.interrupted")
        try:
            tokens = await grant()
            account = await self.keep(tokens, flow.wish, flow.started_by)
            flow = flow.completed(account.id)
        except GatewayError as error:
            problem = words_of(error)
            raise
        finally:  # also when this process goes down in the middle
            await self.end(flow if flow.over else flow.failed(problem))
        return flow

    async def keep(self, tokens: Tokens, wish: Wish, by: Principal) -> Account:
        """The account of whoever was granted these tokens. Raises `GatewayError`."""
        if tokens.refresh is None:
            details = {"code": "no_refresh_token"}
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("oauth.no_refresh_token"), details)
        missing = self._missing(tokens)
        if missing:
            details = {"code": "missing_scope"}
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("oauth.missing_scope", {"scopes": missing}), details)
        person = await self._provider.person(tokens.access)
        return await self._book.add(person_order(person, tokens.refresh, self._provider.settings, wish), by)

    def _missing(self, tokens: Tokens) -> str:
        """The scopes that were asked for and not granted (a person may untick boxes); who they are does not count."""
        if not tokens.scopes:
            return ""
        wanted = [
            scope for scope in self._provider.settings.scopes if scope not in _BASICS and "/auth/userinfo." not in scope
        ]
        return " ".join(scope for scope in wanted if scope not in tokens.scopes)

    async def ask_for_device(self, flow: Flow) -> None:
        """Ask until the person has decided, or time is up."""
        failures = 0
        while flow.device is not None:
            pause = min(flow.device.interval * 2**failures, _LONGEST_PAUSE)
            await self._clock.sleep(pause)
            known = await self._store.get(flow.state)
            if known is None or known.over:
                return
            try:
                tokens = await self._provider.poll_device(flow.device.device_code)
            except GatewayError as error:
                code = error.details.get("code")
                failures = failures + 1 if error.kind in _KEEP_TRYING or error.details.get("status", 0) >= 500 else 0
                if code == "slow_down":
                    flow = flow.slower()
                elif failures == 0 and code != "authorization_pending" and await self._store.claim(flow):
                    await self.end(flow.failed(words_of(error)))
                    return
                continue
            if await self._store.claim(flow):
                await self._store.put(flow.claimed())
                with suppress(GatewayError):  # the flow tells what went wrong
                    await self.finish(flow, partial(_already, tokens))
            return

    async def end(self, flow: Flow) -> None:
        """Keep a flow that is over."""
        await self._store.put(flow)
        _log.info("oauth_sign_in", status=flow.status, method=flow.method, account=flow.account_id)


def words_of(error: GatewayError) -> Text:
    """What an error says, as a text."""
    return error.text if isinstance(error.text, Text) else Text("oauth.provider_error", {"reason": error.text})


async def _already(tokens: Tokens) -> Tokens:
    return tokens


def unknown_flow() -> GatewayError:
    """There is none of that state."""
    return GatewayError(ErrorKind.NOT_FOUND, Text("oauth.unknown_flow"), {"code": "unknown_flow"})
