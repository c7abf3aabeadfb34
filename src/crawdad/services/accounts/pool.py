"""The pool: puts accounts behind offers, and learns from what becomes of them.

Everything a request needs is in memory; what is learnt goes to the database and to other processes from tasks of its own
(`keeping`).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from crawdad.core.accounts import Account, SchedulingMode
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.exchange import Exchange
from crawdad.core.ports import Clock, Leases
from crawdad.core.settings import AccountsSettings, ProviderSettings
from crawdad.core.text import Text
from crawdad.services.accounts.bindings import Bindings
from crawdad.services.accounts.health import Health
from crawdad.services.accounts.locks import Key, Locks, State
from crawdad.services.accounts.picking import Choice, Wish, pick, serves
from crawdad.services.accounts.probing import Probes
from crawdad.services.accounts.quota import Quotas
from crawdad.services.accounts.refusing import nobody
from crawdad.services.accounts.seats import TOKEN_KINDS, BoundOffers
from crawdad.services.accounts.sessions import session_key
from crawdad.services.accounts.snapshot import Snapshot
from crawdad.services.accounts.standings import Standings
from crawdad.services.accounts.use import DeclaredUse
from crawdad.services.catalogue import Offer
from crawdad.services.turns.turn import Turn
from crawdad.services.upstreams import ProxyFor
from crawdad.wire.refusals import Refusal, read_refusal

_log = structlog.get_logger(__name__)
_LOOK_AGAIN_SECONDS = 0.25
_SHORT_SECONDS = 2.0
"""A rest so short that a request waits for it rather than be refused."""
_SHORT_WAITS_SECONDS = 5.0
_REASON_OF_KIND = {
    ErrorKind.RATE_LIMITED: "unknown",
    ErrorKind.PAYMENT: "spent",
    ErrorKind.FORBIDDEN: "forbidden",
    ErrorKind.UNAUTHENTICATED: "unauthorized",
    ErrorKind.OVERLOADED: "server_error",
    ErrorKind.UPSTREAM_ERROR: "server_error",
    ErrorKind.UPSTREAM_TIMEOUT: "server_error",
}
_BREAKS_OFF = frozenset({ErrorKind.UPSTREAM_BROKEN.value, *(kind.value for kind in _REASON_OF_KIND)})
"""What ends an answer in the middle, and is not the client's doing."""
REVOKED = "credential_revoked"


class Tokens(Protocol):
    """Fresh access tokens of accounts whose credential is none itself."""

    async def headers(self, account: Account) -> Mapping[str, str]:
        """What proves the account. Raises `GatewayError`; with code `credential_revoked` when the vendor took it back."""

    def forget(self, account_id: str) -> bool:
        """The token of an account was refused. Whether another may be good."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An offer with all that its call needs. `probe` is the lock that the call probes."""

    offer: Offer
    probe: Key | None = None


class Pool:
    """Which account serves what. All of it runs on the event loop, and between two awaits nothing else does."""

    def __init__(
        self,
        *,
        clock: Clock,
        leases: Leases,
        settings: Callable[[], AccountsSettings],
        configured: Callable[[str], ProviderSettings | None],
        proxy_for: ProxyFor,
        holder: str,
        tokens: Tokens | None = None,
    ) -> None:
        self.snapshot = Snapshot()
        self.locks = Locks(clock)
        self.bindings = Bindings(clock)
        self.quotas = Quotas(clock)
        self.use = DeclaredUse(clock)
        self.health = Health()
        self.last_used: dict[str, float] = {}
        self.revoked: dict[str, str] = {}
        """Accounts whose credential the vendor took back, and its words: yet to be written down."""
        self.bound: list[tuple[str, str, str]] = []
        """New bindings, yet to be told to other processes."""
        self.news: Callable[[], None] = lambda: None
        """Called when there is something to write down at once."""
        self.tokens = tokens
        self._clock = clock
        self._settings = settings
        self._standings = Standings(self.locks, self.quotas, self.use, self.health, lambda: settings().quota_protection)
        self._probes = Probes(self.locks, leases, holder)
        self._offers = BoundOffers(self, configured, proxy_for)
        self._turns: dict[str, int] = {}

    def take_snapshot(self, snapshot: Snapshot) -> None:
        """Swap in the accounts as they are now."""
        self.snapshot = snapshot
        self._offers.forget()
        self.quotas.take(snapshot.accounts)
        self.use.forget(snapshot.accounts)
        self.health.keep_only(snapshot.accounts)
        self.locks.keep_only(frozenset(snapshot.accounts))

    def forgive(self) -> int:
        """End the rests for which nobody asked but ourselves, after faults of the vendor's own: how many. What a vendor asked
        for stands."""
        self.health.forget()
        ended = self.locks.clear_faults()
        self.news()
        return ended

    def forget_offers(self) -> None:
        """The settings changed: offers are bound anew."""
        self._offers.forget()

    def serves(self, offers: Sequence[Offer]) -> bool:
        """Whether any of the offers is served by accounts."""
        by_provider = self.snapshot.by_provider
        return bool(by_provider) and any(offer.provider.id in by_provider for offer in offers)

    async def seated(self, turn: Turn, offers: Sequence[Offer]) -> list[Offer]:
        """The offers with the accounts that may serve them behind them, in the order to be tried; waits where the scheduling
        mode or a short rest says so. Raises RATE_LIMITED with the wait when all have to rest, UNAVAILABLE when none may
        serve."""
        settings = self._settings()
        session = turn.session = self._session(turn, settings.mode)
        waited = 0.0
        while True:
            found, wait, held = self._plan(
                turn, offers, session, settings, max(0.0, settings.max_wait_seconds - waited)
            )
            if found and not wait:
                return found
            if not found:
                wait = self._patience(held, waited, settings)
            step = min(wait, _LOOK_AGAIN_SECONDS if held.state is State.PROBED else 1.0)
            await self._clock.sleep(step)
            waited += step

    def _session(self, turn: Turn, mode: SchedulingMode) -> str | None:
        if mode == "PerformanceFirst":
            return None
        return session_key(turn.principal.id, turn.exchange.session, turn.body)

    def _plan(
        self, turn: Turn, offers: Sequence[Offer], session: str | None, settings: AccountsSettings, patience: float
    ) -> tuple[list[Offer], float, Choice]:
        """`(offers, wait before the first, the choice that waits or has the shortest rest)`."""
        found: list[Offer] = []
        shortest = Choice()
        for offer in offers:
            accounts = self.snapshot.by_provider.get(offer.provider.id)
            if accounts is None:
                found.append(offer)
                continue
            choice = self._choose(offer, accounts, session, settings, patience)
            if choice.wait and not found:
                state = self.locks.state(choice.order[0].id, offer.model)[0]
                return [self._offers.of(offer, choice.order[0])], choice.wait, replace(choice, state=state)
            found += [self._offers.of(offer, account) for account in choice.order]
            if choice.left is not None and (shortest.left is None or choice.left < shortest.left):
                shortest = choice
        return found, 0.0, shortest

    def _choose(
        self,
        offer: Offer,
        accounts: tuple[Account, ...],
        session: str | None,
        settings: AccountsSettings,
        patience: float,
    ) -> Choice:
        provider_id = offer.provider.id
        turn = self._turns[provider_id] = self._turns.get(provider_id, -1) + 1
        bound = None
        if session is not None and len(accounts) > 1:
            bound = self.bindings.get(session, provider_id, settings.sticky_minutes * 60)
        wish = Wish(offer.model, settings.mode, bound, self.snapshot.preferred, turn, patience)
        return pick(accounts, self._standings.of_all(accounts, offer.model), wish)

    def _patience(self, held: Choice, waited: float, settings: AccountsSettings) -> float:
        """How long to wait before looking again where nobody can serve now. Raises where that would be too long."""
        if held.left is not None:
            if held.state is State.PROBED and waited < settings.max_wait_seconds:
                return _LOOK_AGAIN_SECONDS
            if held.state is State.LOCKED and held.left <= _SHORT_SECONDS and waited < _SHORT_WAITS_SECONDS:
                return max(held.left, 0.01)
        raise nobody(held)

    async def late(
        self, offers: Sequence[Offer], asked: Container[tuple[str, str]], waited: float
    ) -> tuple[list[Offer], float]:
        """Where all that a request was given failed: the offers of accounts that were held up until now and are not any more,
        and how long they were waited for. `asked` are the accounts and models that the request has tried.

        An account that one request probes is not given to the others. They would be lost if all else failed, though it
        serves a moment later.
        """
        settings, seconds = self._settings(), 0.0
        while True:
            found: list[Offer] = []
            probed = False
            for offer, account, state in self._unasked(offers, asked):
                if state in (State.FREE, State.HALF_OPEN, State.RESTING):
                    found.append(self._offers.of(offer, account))
                probed |= state is State.PROBED
            if found or not probed or waited + seconds >= settings.max_wait_seconds:
                return found, seconds
            await self._clock.sleep(_LOOK_AGAIN_SECONDS)
            seconds += _LOOK_AGAIN_SECONDS

    def refused(self, offers: Sequence[Offer], asked: Container[tuple[str, str]]) -> list[Offer]:
        """The offers of accounts whose credential was refused a while ago, and that the request has not tried: it may be taken
        by now, and where all others failed that is better than nothing."""
        found = self._unasked(offers, asked)
        return [self._offers.of(offer, account) for offer, account, state in found if state is State.REFUSED]

    def _unasked(
        self, offers: Sequence[Offer], asked: Container[tuple[str, str]]
    ) -> Iterator[tuple[Offer, Account, State]]:
        for offer in offers:
            for account in self.snapshot.by_provider.get(offer.provider.id, ()):
                if serves(account, offer.model) and (account.id, offer.model) not in asked:
                    standing = self._standings.of(account, offer.model)
                    yield offer, account, State.FREE if standing is None else standing.state

    async def take(self, turn: Turn, offer: Offer) -> Taken:
        """Make ready for a call in an account's name. Raises RATE_LIMITED where it has to rest by now, and what asking for a
        fresh token raises."""
        assert offer.seat is not None
        account = self.snapshot.accounts.get(offer.seat.account_id)
        if account is None or not account.usable:
            raise nobody(Choice())
        probe = None
        if self.locks:
            state, left = self.locks.state(account.id, offer.model)
            if state in (State.LOCKED, State.PROBED):
                raise nobody(Choice(left=left, state=state))
            if state is State.HALF_OPEN:
                probe = await self._probes.begin(account.id, offer.model)
        exchange = turn.exchange
        exchange.account, exchange.account_label = account.id, account.label
        self.use.add(account, 1, 0, 0.0)
        if account.kind not in TOKEN_KINDS:
            return Taken(offer, probe)
        try:
            return Taken(self._offers.dressed(offer, await self._token(account)), probe)
        except BaseException as error:
            await self._probes.release(probe)
            if isinstance(error, GatewayError):
                self.failed(offer, error)
            raise

    async def _token(self, account: Account) -> Mapping[str, str]:
        if self.tokens is None:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("accounts.no_tokens", {"label": account.label}))
        return await self.tokens.headers(account)

    async def release(self, probe: Key | None) -> None:
        """A call is over: another may probe where it settled nothing."""
        await self._probes.release(probe)

    def heard(
        self, account_id: str, model: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> Refusal | None:
        """Learn from an answer's head, and the body of an error. What a refusal tells. A head of success proves nothing yet:
        what follows may be an error all the same."""
        self.quotas.hear(account_id, model, headers)
        refusal = None
        if status >= 400:
            refusal = read_refusal(status, headers, body, self._clock.now())
            if status == 429:
                self.quotas.hear_refusal(account_id, model, body)
            if refusal is None:  # the client's own fault, told to a credential that was taken
                self.answered(account_id, model)
        return refusal

    def answered(self, account_id: str, model: str) -> None:
        """An account answered for a model: it need not rest."""
        if self.locks and self.locks.succeed(account_id, model):
            self.news()
        if self.quotas.is_forbidden(account_id):
            self.quotas.forbid(account_id, False)

    def stale(self, offer: Offer, error: GatewayError) -> bool:
        """Whether a call failed for a token that was taken back before its time: another one may do."""
        if self.tokens is None or offer.seat is None or error.details.get("code") != "upstream_credential_refused":
            return False
        return self.tokens.forget(offer.seat.account_id)

    def failed(self, offer: Offer, error: GatewayError) -> None:
        """A call in an account's name failed before its first event."""
        assert offer.seat is not None
        account_id = offer.seat.account_id
        code = error.details.get("code")
        if code == REVOKED:
            self.revoke(account_id, error)
            return
        refusal = error.details.get("refusal")
        if isinstance(refusal, Refusal):
            reason: str | None = refusal.reason
        elif code == "upstream_credential_refused":
            reason = "unauthorized"
        else:
            reason = _REASON_OF_KIND.get(error.kind)
        if reason is None:
            if error.kind is ErrorKind.UPSTREAM_BROKEN:
                self.health.fell(account_id)
            return
        self.health.fell(account_id)
        told = refusal.wait if isinstance(refusal, Refusal) else error.retry_after
        lock = self.locks.fail(account_id, offer.model, reason, told)
        if reason in ("unauthorized", "forbidden"):
            self.quotas.forbid(account_id, True)
        self.news()
        account = self.snapshot.accounts.get(account_id)
        _log.warning(
            "account_rests",
            account=account_id,
            label=account.label if account else "",
            model=lock.key[1] or "*",
            reason=lock.reason,
            seconds=round(lock.deadline - self._clock.monotonic(), 1),
            failures=lock.failures,
        )

    def revoke(self, account_id: str, error: GatewayError) -> None:
        """The vendor took the credential back: nobody uses it again until it is replaced."""
        account = self.snapshot.accounts.get(account_id)
        if account is not None and account.disabled_at is None:
            words = error.message()[:800]
            self.revoked[account_id] = words
            self.take_snapshot(
                self.snapshot.changed(replace(account, disabled_reason=words, disabled_at=self._clock.now()))
            )
            self.news()

    def served(self, turn: Turn, offer: Offer) -> None:
        """A call in an account's name has its first event: the conversation stays with the account."""
        assert offer.seat is not None
        account_id, provider_id = offer.seat.account_id, offer.provider.id
        self.answered(account_id, offer.model)
        self.health.rose(account_id)
        self.last_used[account_id] = self._clock.now()
        settings = self._settings()
        session = turn.session
        if session is not None and len(self.snapshot.by_provider.get(provider_id, ())) > 1:
            if self.bindings.bind(session, provider_id, account_id, settings.sticky_sessions):
                self.bound.append((session, provider_id, account_id))
            del self.bound[:-1000]

    def settled(self, exchange: Exchange) -> None:
        """An exchange is closed: what it used counts against the limits that its account declares, and an answer that broke off
        against the account's health."""
        account = self.snapshot.accounts.get(exchange.account) if exchange.account else None
        if account is None:
            return
        if account.limits:
            self.use.add(account, 0, exchange.usage.total_tokens, exchange.cost or 0.0)
        began = exchange.first_byte_seconds is not None
        if began and exchange.outcome == "failed" and exchange.error_kind in _BREAKS_OFF:
            self.health.fell(account.id)

    def rest(self, offer: Offer) -> float:
        """The seconds that must go by before an offer may be tried again."""
        if offer.seat is None:
            return 0.0
        account = self.snapshot.accounts.get(offer.seat.account_id)
        if account is None or not account.usable:
            return float("inf")
        state, left = self.locks.state(account.id, offer.model)
        return left if state in (State.LOCKED, State.PROBED) else 0.0
