"""Device tokens. None is kept: a token follows from its row's serial number and a key of the installation.

So a device gets the same token again for as long as it holds, and a stolen database alone opens nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from crawdad.core.ports import Randomness, SecretBox
from crawdad.store.key_values import KeyValues

_KEY = "devices.key"


class TokenMint:
    """Makes and checks tokens. The key is made with the first one; every process of a cluster has the same."""

    def __init__(self, key_values: KeyValues, box: SecretBox, randomness: Randomness) -> None:
        self._key_values = key_values
        self._box = box
        self._randomness = randomness
        self._key: bytes | None = None

    async def token(self, device_id: str, role: str, serial: str) -> str:
        """The token of that serial number."""
        key = await self._ready()
        digest = hmac.digest(key, f"{device_id}|{role}|{serial}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    async def is_token(self, given: str, device_id: str, role: str, serial: str) -> bool:
        """Whether `given` is that token; takes as long for every wrong one."""
        wanted = await self.token(device_id, role, serial)
        return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())

    async def _ready(self) -> bytes:
        if self._key is None:
            kept = await self._key_values.get(_KEY)
            if kept is None:
                kept = await self._key_values.settle(_KEY, self._box.encrypt(self._randomness.new_token()))
            self._key = self._box.decrypt(kept).encode()
        return self._key
