"""Who comes in on the control channel, and with what. The server decides; what a client claims only narrows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from crawdad.core.devices import Described, Device, DeviceRequest, DeviceToken
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Principal
from crawdad.core.ports import Clock, Randomness
from crawdad.core.settings import GatewaySettings
from crawdad.core.text import Text
from crawdad.services.devices.pairing import By, Pairing
from crawdad.services.devices.rights import scopes_of
from crawdad.services.identity.door import LOCAL, Door
from crawdad.services.identity.living import Living
from crawdad.services.identity.panel_tokens import PanelTokens, SignedIn
from crawdad.services.identity.visitors import by_proxy
from crawdad.wire.control.scopes import OPERATOR, beyond, holds, within

_SILENT = ("not-paired", "scope-upgrade")
"""What a program on this machine gets without asking anybody; a changed role or machine somebody must look at."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a client claims. `described` is a device whose proof holds. `local`: it is a program on this machine, reached
    without a proxy; `foreign_page`: a browser's page other than our own asks; `own_page`: the control panel does, which says so
    of itself. `visitor` is whom a proxy or Tailscale vouches for; `page` the session of a page that Crawdad served."""

    role: str
    scopes: tuple[str, ...]
    address: str
    local: bool
    foreign_page: bool = False
    own_page: bool = False
    visitor: Principal | None = None
    page: SignedIn | None = None
    described: Described | None = None
    token: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    device_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who came in. `scopes` are those of this connection; `token` goes to the device, with `token_scopes`. `credential` is
    what the principal was known by, empty where a device's token did it."""

    principal: Principal
    role: str
    scopes: tuple[str, ...]
    device_id: str = ""
    token: str = field(default="", repr=False)
    token_scopes: tuple[str, ...] = ()
    issued_at: float = 0.0
    credential: str = field(default="", repr=False)
    signed_in: SignedIn | None = None
    """Where the token of a session did it."""

    @property
    def by(self) -> By:
        """As somebody who changes things."""
        return By(self.principal.id, self.scopes, self.device_id)


class Admission:
    """The way in. A refusal is a `GatewayError` whose `details["reason"]` is the protocol's word for it."""

    def __init__(
        self,
        door: Door,
        pairing: Pairing,
        gateway: Callable[[], GatewaySettings],
        clock: Clock,
        randomness: Randomness,
        tokens: PanelTokens | None = None,
    ) -> None:
        """`tokens`: whoever signed in to a panel may come in with what it got there."""
        self._tokens = tokens
        self._door = door
        self._pairing = pairing
        self._gateway = gateway
        self._living = Living(door, gateway)
        self._clock = clock
        self._randomness = randomness

    @property
    def generation(self) -> int:
        """Changes when it is worth asking whether somebody still may (`still`)."""
        return self._door.generation

    @property
    def is_open(self) -> bool:
        """Whether nobody needs a credential."""
        return self._gateway().auth.mode == "none"

    @property
    def mode(self) -> str:
        """How clients prove themselves, in the protocol's words."""
        auth = self._gateway().auth
        return auth.mode if auth.mode != "token" else "password" if auth.password is not None else "token"

    def still(self, admitted: Admitted) -> bool:
        """Whether who came in would still be let in, as far as that costs no look into the database."""
        if admitted.credential and not self._door.knows(admitted.credential):
            return False
        if admitted.signed_in is not None and not admitted.signed_in.still(self._door, self._living, self._clock.now()):
            return False
        now = self._living(admitted.principal.id)
        return now is not None and within(admitted.scopes, scopes_of(now)) == admitted.scopes

    async def still_paired(self, several: Sequence[Admitted]) -> list[bool]:
        """Whether each of their devices still holds the token that it got when it came in: for whoever may not have heard of
        its end."""
        known = await self._pairing.store.everything()
        held = {(token.device_id, token.role): token for _, tokens in known for token in tokens}

        def still(admitted: Admitted) -> bool:
            token = held.get((admitted.device_id, admitted.role))
            if token is None or token.revoked_at is not None:
                return False
            return (token.rotated_at or token.created_at) <= admitted.issued_at

        return [not admitted.token or still(admitted) for admitted in several]

    async def admit(self, claim: Claim) -> Admitted:
        """Let somebody in. Raises UNAUTHENTICATED, RATE_LIMITED, and FORBIDDEN with `request_id` where it must wait."""
        record = None
        if claim.described is not None:
            record = await self._pairing.store.get(claim.described.device_id)
        signed_in = await self._session(claim)
        if signed_in is not None:
            principal, credential, ceiling = signed_in.principal, "", scopes_of(signed_in.principal)
        else:
            principal, credential, ceiling = await self._who(claim, record)
        if not ceiling:
            raise _refused("unauthorized")
        wanted = within(claim.scopes, ceiling) if claim.role == OPERATOR else ()
        known = by_proxy(principal) or (signed_in is not None and signed_in is claim.page)
        panel = claim.own_page and claim.role == OPERATOR and not credential and known
        if claim.described is None:
            scopes = wanted if claim.local or panel else ()
            return Admitted(principal, claim.role, scopes, credential=credential, signed_in=signed_in)
        if (
            panel
        ):  # the proxy has let the person in, whatever browser it is; a token of its own would let it past the proxy
            return Admitted(principal, claim.role, wanted, claim.described.device_id, signed_in=signed_in)
        device = await self._paired(claim, claim.described, wanted, By(principal.id, ceiling), record)
        scopes = within(wanted, device.scopes)
        admitted = Admitted(principal, claim.role, scopes, device.id, credential=credential, signed_in=signed_in)
        if signed_in is not None:
            return admitted  # a device's own token would outlive the session
        if device.parent_id != principal.id:
            return admitted  # the token is somebody else's gift: it may hold more than this credential does
        token = await self._pairing.token(device, claim.role)
        return replace(
            admitted,
            token=await self._pairing.mint.token(device.id, claim.role, token.serial),
            token_scopes=token.scopes,
            issued_at=token.rotated_at or token.created_at,
        )

    async def _session(self, claim: Claim) -> SignedIn | None:
        """Who shows the token of a session, or comes from a page of ours and shows nothing else; None: nobody of that kind."""
        if claim.page is not None and not (claim.token or claim.password or claim.device_token):
            return claim.page
        if self._tokens is None or self.is_open or not self._tokens.looks_like_one(claim.token):
            return None
        try:
            return await self._tokens.read(claim.token, claim.address)
        except GatewayError as error:
            limited = error.kind is ErrorKind.RATE_LIMITED
            raise _refused("rate_limited" if limited else "token_mismatch") from error

    async def _who(
        self, claim: Claim, record: tuple[Device, list[DeviceToken]] | None
    ) -> tuple[Principal, str, tuple[str, ...]]:
        """The principal, what it was known by, and all it could have."""
        if self.is_open:
            return LOCAL, "", scopes_of(LOCAL)
        by_password = self._gateway().auth.password is not None
        shared = (claim.password or claim.token) if by_password else claim.token
        if shared and self._door.knows(shared):
            principal = self._enter(shared, claim)
            return principal, shared, scopes_of(principal)
        given = claim.device_token or claim.token
        if claim.described is not None and given:
            found = await self._by_device_token(claim, given, record)
            if found is not None:
                return found[0], "", found[1]
        if claim.visitor is not None:  # also beside a credential that no longer holds: panels keep old ones
            return claim.visitor, "", scopes_of(claim.visitor)
        word = "password" if by_password else "token"
        if not shared and not claim.device_token:
            raise _refused(f"{word}_missing")
        if claim.device_token:
            self._door.guessed(claim.address)
            raise _refused("device_token_mismatch")
        self._enter(shared, claim, f"{word}_mismatch")
        raise _refused(f"{word}_mismatch")

    def _enter(self, credential: str, claim: Claim, reason: str = "unauthorized") -> Principal:
        try:
            return self._door.enter(credential, claim.address)
        except GatewayError as error:
            limited = error.kind is ErrorKind.RATE_LIMITED
            raise _refused("rate_limited" if limited else reason) from error

    async def _by_device_token(
        self, claim: Claim, given: str, record: tuple[Device, list[DeviceToken]] | None
    ) -> tuple[Principal, tuple[str, ...]] | None:
        """Whose name the device acts in, and what its token holds; None where the token is none of its own."""
        try:
            self._door.check_address(claim.address)
        except GatewayError as error:
            raise _refused("rate_limited") from error
        token = next((each for each in record[1] if each.role == claim.role), None) if record is not None else None
        if record is None or token is None or token.revoked_at is not None:
            return None
        if not await self._pairing.mint.is_token(given, record[0].id, claim.role, token.serial):
            return None
        parent = self._living(record[0].parent_id)
        if parent is None or not parent.limits.allow_address(claim.address):
            return None
        ceiling = within(token.scopes, scopes_of(parent))
        if claim.role == OPERATOR and beyond(claim.scopes, ceiling) is not None:
            raise _refused("device_token_mismatch")
        await self._pairing.store.used_token(record[0].id, claim.role, self._clock.now())
        return parent, ceiling if claim.role == OPERATOR else scopes_of(parent)

    async def _paired(
        self,
        claim: Claim,
        described: Described,
        wanted: tuple[str, ...],
        by: By,
        record: tuple[Device, list[DeviceToken]] | None,
    ) -> Device:
        """The device as somebody let it in; asks for that where nobody has."""
        device = record[0] if record is not None else None
        reason = self._lacking(claim.role, described, wanted, device)
        if reason is None:
            assert device is not None
            if not device.described.public_key:
                name = device.described.display_name or described.display_name
                device = replace(device, described=replace(described, display_name=name))
                await self._pairing.store.put(device)
            return device
        request = DeviceRequest(
            self._randomness.new_id(), described, claim.role, wanted, device is not None, self._clock.now(), reason
        )
        if claim.local and not claim.foreign_page and reason in _SILENT:
            made = await self._pairing.let_in(request, by)
            assert made is not None  # nothing was waiting that somebody else could have decided
            return made
        kept = await self._pairing.ask(request)
        raise GatewayError(ErrorKind.FORBIDDEN, Text("devices.waits"), {"reason": reason, "request_id": kept.id})

    def _lacking(self, role: str, described: Described, wanted: tuple[str, ...], device: Device | None) -> str | None:
        """Why the device must be let in (again), in the protocol's word."""
        if device is None or self._living(device.parent_id) is None:
            return "not-paired"
        if role not in device.roles:
            return "role-upgrade"
        if any(not holds(device.scopes, scope) for scope in wanted):
            return "scope-upgrade"
        before = device.described
        known = bool(before.public_key)  # else an operator named it by its id alone, before it ever came
        if known and (described.platform, described.device_family) != (before.platform, before.device_family):
            return "metadata-upgrade"
        return None


def _refused(reason: str) -> GatewayError:
    return GatewayError(ErrorKind.UNAUTHENTICATED, Text("devices.refused"), {"reason": reason})
