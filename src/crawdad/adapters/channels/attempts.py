"""What a call that brought no answer means for a part that was to be sent."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from crawdad.core.channels import SendFailed, SignedOut
from crawdad.core.errors import GatewayError, NotReached

Found = TypeVar("Found")


async def attempted(call: Awaitable[Found], *, unseen: bool = False) -> Found:
    """What the call brings. Raises `SendFailed`: `ambiguous` once it has left, unless it was `unseen` (an upload, which nobody
    sees until it is shown)."""
    try:
        return await call
    except SendFailed:
        raise
    except SignedOut as error:
        raise SendFailed("signed_out", error.text) from error
    except NotReached as error:
        raise SendFailed("not_sent", error.text) from error
    except GatewayError as error:
        # The account's memory is read before anything leaves, and kept in our own database.
        certain = unseen or error.details.get("code") == "database"
        raise SendFailed("not_sent" if certain else "ambiguous", error.text) from error
