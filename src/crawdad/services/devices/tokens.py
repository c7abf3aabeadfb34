"""Device tokens. None is kept: a token follows from its row's serial number and a key of the installation.

So a device gets the same token again for as long as it holds, and a stolen database alone opens nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from crawdad.core.ports import Randomness, SecretBox
from crawdad.services.identity.installation_key import InstallationKey
from crawdad.store.key_values import KeyValues

_KEY = "devices.key"


class TokenMint:
    """Makes and checks tokens."""

    def __init__(self, key_values: KeyValues, box: SecretBox, randomness: Randomness) -> None:
        self._key = InstallationKey(_KEY, key_values, box, randomness)

    async def token(self, device_id: str, role: str, serial: str) -> str:
        """The token of that serial number."""
        key = await self._key.ready()
        digest = hmac.digest(key, f"{device_id}|{role}|{serial}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    async def is_token(self, given: str, device_id: str, role: str, serial: str) -> bool:
        """Whether `given` is that token; takes as long for every wrong one."""
        wanted = await self.token(device_id, role, serial)
        return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())
