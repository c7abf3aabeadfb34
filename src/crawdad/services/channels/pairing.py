"""Letting people in: whoever writes without being known gets a code, and the operator enters it.

Codes are of eight characters that are not mistaken for one another, live for an hour, and at most three wait for each account:
more strangers get none (attack 46). Guessing is the operator's side alone, and is counted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from crawdad.core.channels import Account, InboundMessage
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import Event
from crawdad.core.ports import Bus, Clock, Randomness, RateCounter
from crawdad.core.text import Text
from crawdad.services.channels.wording import plain_name
from crawdad.store.channel_people import ChannelPeople, PairedPerson, PairingRequest

__all__ = ["PairedPerson", "Pairing", "PairingRequest", "request_id_of"]
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LENGTH = 8
SECONDS = 3600.0
MOST_WAITING = 3
PAIRING_ASKED, PAIRING_APPROVED = "channels.pairing_asked", "channels.pairing_approved"
_MOST_TRIES = 20


def request_id_of(request: PairingRequest) -> str:
    """What names a request without telling its code."""
    text = f"{request.account}\0{request.sender_id}\0{request.code}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Pairing:
    """Requests to be let in, and those who were."""

    def __init__(
        self, people: ChannelPeople, bus: Bus, rates: RateCounter, clock: Clock, randomness: Randomness
    ) -> None:
        self._people = people
        self._bus = bus
        self._rates = rates
        self._clock = clock
        self._randomness = randomness

    async def ask(self, account: Account, message: InboundMessage) -> PairingRequest | None:
        """The request of the sender, a new one or the one that stands. None: too many wait."""
        now = self._clock.now()
        name = plain_name(message.sender.name)
        request = PairingRequest(account, message.sender.id, name, self._code(), message.chat, now, now, now + SECONDS)
        found, new = await self._people.ask(request, MOST_WAITING)
        if new:
            data = {"channel": account.channel, "account": account.name, "sender": message.sender.id, "name": name}
            await self._bus.publish(Event(PAIRING_ASKED, data, now))
        return found

    async def waiting(self, channel: str = "", account: str = "") -> list[PairingRequest]:
        """Requests that still stand."""
        return await self._people.waiting(self._clock.now(), channel, account)

    async def approve(
        self, channel: str, code: str, *, by: str, account: str = "", owner: bool = False
    ) -> PairedPerson:
        """Let in whoever was given that code. `owner`: the account is theirs. Raises NOT_FOUND, RATE_LIMITED."""
        added, seconds = await self._rates.add(f"channels.pairing:{by}", 1, _MOST_TRIES)
        if not added:
            raise GatewayError(ErrorKind.RATE_LIMITED, Text("channels.pairing_tries"), retry_after=seconds)
        now = self._clock.now()
        person = await self._people.approve(channel, account, code.strip().upper(), by, now)
        if person is None:
            raise GatewayError(
                ErrorKind.NOT_FOUND, Text("channels.no_pairing", {"channel": channel}), {"param": "code"}
            )
        if owner:
            person = replace(person, owner=True)
            await self._people.add(person)
        data = {"channel": person.account.channel, "account": person.account.name, "sender": person.sender_id}
        await self._bus.publish(Event(PAIRING_APPROVED, {**data, "by": by}, now))
        return person

    async def request(self, account: Account, request_id: str) -> PairingRequest:
        """A request that stands, by its id. Raises NOT_FOUND."""
        for request in await self.waiting(account.channel, account.name):
            if request_id_of(request) == request_id:
                return request
        raise GatewayError(ErrorKind.NOT_FOUND, Text("channels.no_pairing", {"channel": account.channel}))

    async def dismiss(self, account: Account, sender_id: str) -> None:
        """Drop a request. Raises NOT_FOUND."""
        if not await self._people.dismiss(account, sender_id):
            raise GatewayError(ErrorKind.NOT_FOUND, Text("channels.no_pairing", {"channel": account.channel}))

    async def let_in(self, account: Account, sender_id: str, *, by: str, owner: bool = False) -> None:
        """Let somebody in without a code: whoever scanned the account's own."""
        now = self._clock.now()
        await self._people.add(PairedPerson(account, sender_id, "", owner, now, by))

    async def remove(self, account: Account, sender_id: str) -> None:
        """Let somebody in no more. Raises NOT_FOUND."""
        if not await self._people.remove(account, sender_id):
            raise GatewayError(ErrorKind.NOT_FOUND, Text("channels.nobody", {"sender": sender_id[:80]}))

    async def people(self, account: Account) -> Sequence[PairedPerson]:
        """Who was let in."""
        return await self._people.of(account)

    def _code(self) -> str:
        number = int(self._randomness.uniform() * len(ALPHABET) ** LENGTH)
        digits = []
        for _ in range(LENGTH):
            number, digit = divmod(number, len(ALPHABET))
            digits.append(ALPHABET[digit])
        return "".join(reversed(digits))
