"""Keys of the installation: made with their first use, sealed in the database, the same for every process of a cluster."""

from __future__ import annotations

from crawdad.core.ports import Randomness, SecretBox
from crawdad.store.key_values import KeyValues


class InstallationKey:
    """One key, by its name."""

    def __init__(self, name: str, key_values: KeyValues, box: SecretBox, randomness: Randomness) -> None:
        self._name = name
        self._key_values = key_values
        self._box = box
        self._randomness = randomness
        self._key: bytes | None = None

    async def ready(self) -> bytes:
        """The key: at least 192 bits of chance."""
        if self._key is None:
            kept = await self._key_values.get(self._name)
            if kept is None:
                kept = await self._key_values.settle(self._name, self._box.encrypt(self._randomness.new_token()))
            self._key = self._box.decrypt(kept).encode()
        return self._key
