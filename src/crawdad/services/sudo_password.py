"""The password that lets an update run as root where it must: kept sealed, told to nobody but whoever runs the update."""

from __future__ import annotations

from crawdad.core.errors import bad_request
from crawdad.core.ports import SecretBox
from crawdad.core.secret import Secret
from crawdad.store.key_values import KeyValues

_KEPT = "system.sudo_password"  # the name of a row, no secret
_LONGEST = 1024


class KeptSudoPassword:
    """`core.ports.SudoPassword`, in the database."""

    def __init__(self, values: KeyValues, box: SecretBox) -> None:
        self._values = values
        self._box = box

    async def is_kept(self) -> bool:
        """Whether there is one."""
        return await self._values.get(_KEPT) is not None

    async def keep(self, password: str) -> None:
        """Keep it in place of what there was; an empty one clears. Raises BAD_REQUEST for one that cannot be typed."""
        if not password:
            await self._values.delete(_KEPT)
            return
        if len(password) > _LONGEST or any(character in password for character in "\r\n\x00"):
            raise bad_request("panel.bad_password", "password")
        await self._values.put(_KEPT, self._box.encrypt(password))

    async def reveal(self) -> Secret | None:
        """See the port."""
        kept = await self._values.get(_KEPT)
        return None if kept is None else Secret(self._box.decrypt(str(kept)))
