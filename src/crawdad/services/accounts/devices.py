"""The device identity of an account: a record that other tools of the contract show and keep versions of.

It is generated here, stored here, and goes nowhere: no request carries it, no other program's files are touched.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.ports import Clock, Randomness
from crawdad.core.text import Text
from crawdad.store.accounts import AccountStore, StoredProfile

FIELDS = ("machine_id", "mac_machine_id", "dev_device_id", "sqm_id")
BASELINE, CURRENT = "baseline", "current"
_INSTALLATION = "accounts.installation_identity"
_MOST_VERSIONS = 100
_VALUE = re.compile(r"[\x21-\x7e]{1,200}\Z")

Profile = Mapping[str, str]
DeviceVersion = StoredProfile


class Devices:
    """Makes, keeps and restores device identities."""

    def __init__(self, store: AccountStore, clock: Clock, randomness: Randomness) -> None:
        self._store = store
        self._values = store.values
        self._clock = clock
        self._randomness = randomness

    def generate(self) -> Profile:
        """A new identity, kept nowhere."""
        return {
            "machine_id": self._digest().hex(),
            "mac_machine_id": str(self._uuid()),
            "dev_device_id": str(self._uuid()),
            "sqm_id": "{" + str(self._uuid()).upper() + "}",
        }

    async def installation(self) -> Profile:
        """This installation's own identity, the same for ever."""
        found: dict[str, str] = await self._values.settle(_INSTALLATION, dict(self.generate()))
        return found

    async def bind(self, account_id: str, profile: Profile, label: str) -> Profile:
        """Give an account an identity; the ones before are kept. CONFLICT when there are too many."""
        kept = await self._store.profiles(account_id)
        for old in kept[: max(0, len(kept) + 1 - _MOST_VERSIONS)]:
            await self._store.remove_profile(account_id, old.id)
        version = StoredProfile(str(self._uuid()), account_id, label, dict(profile), True, self._clock.now())
        await self._store.bind_profile(version)
        return profile

    async def ensure(self, account_id: str) -> None:
        """Give an account an identity unless it has one."""
        if not await self._store.profiles(account_id):
            await self.bind(account_id, self.generate(), "auto_generated")

    async def versions(self, account_id: str) -> list[StoredProfile]:
        """All identities that an account ever had, oldest first."""
        return await self._store.profiles(account_id)

    async def bound_accounts(self) -> frozenset[str]:
        """The accounts that have an identity."""
        return frozenset(profile.account_id for profile in await self._store.profiles() if profile.is_current)

    async def restore(self, account_id: str, version_id: str) -> Profile:
        """Make an earlier identity the current one; `baseline` is the installation's own. Raises NOT_FOUND."""
        if version_id == BASELINE:
            return await self.bind(account_id, await self.installation(), BASELINE)
        versions = await self._store.profiles(account_id)
        for version in versions:
            if version.id == version_id or (version_id == CURRENT and version.is_current):
                await self._store.choose_profile(account_id, version.id)
                return version.profile
        raise _no_version(version_id)

    async def forget(self, account_id: str, version_id: str) -> None:
        """Remove an earlier identity. Raises NOT_FOUND, and CONFLICT for the current one and the baseline."""
        versions = {version.id: version for version in await self._store.profiles(account_id)}
        found = versions.get(version_id)
        if version_id in (BASELINE, CURRENT) or (found is not None and found.is_current):
            raise GatewayError(ErrorKind.CONFLICT, Text("accounts.version_in_use"), {"code": "version_in_use"})
        if found is None or not await self._store.remove_profile(account_id, version_id):
            raise _no_version(version_id)

    def _digest(self) -> bytes:
        return hashlib.sha256(self._randomness.new_token().encode()).digest()

    def _uuid(self) -> uuid.UUID:
        return uuid.UUID(bytes=self._digest()[:16], version=4)


def usable_profile(value: object) -> Profile:
    """An identity that somebody brings. Raises BAD_REQUEST."""
    if not isinstance(value, dict):
        raise bad_request("wire.type", "profile", expected="an object")
    for name in FIELDS:
        if not isinstance(value.get(name), str) or not _VALUE.match(value[name]):
            raise bad_request("wire.value", name, value=repr(value.get(name))[:64])
    return {name: value[name] for name in FIELDS}


def _no_version(version_id: str) -> GatewayError:
    text = Text("accounts.no_version", {"id": version_id[:100]})
    return GatewayError(ErrorKind.NOT_FOUND, text, {"code": "no_version"})
