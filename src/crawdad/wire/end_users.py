"""The id of the end user, within what vendors take."""

from __future__ import annotations

import hashlib
import re

_PERSONAL = re.compile(r"@|^\+?[0-9 ()./-]{7,}$")


def vendor_user(user: str, limit: int) -> str:
    """`user` as a vendor takes it: no longer than `limit` (at least 64) and no e-mail address or telephone number.

    What does not fit becomes its SHA-256 digest, which still tells users apart and always is the same for the same user.
    """
    if len(user) <= limit and not _PERSONAL.search(user):
        return user
    return hashlib.sha256(user.encode("utf-8", "replace")).hexdigest()
