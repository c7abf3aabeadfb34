"""What is told where no account can serve."""

from __future__ import annotations

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.services.accounts.locks import State
from crawdad.services.accounts.picking import Choice

NOT_ASKED = "accounts_limited"
"""What a refusal is called that no vendor was asked for: the account has to rest, or another request tries it."""


def nobody(held: Choice) -> GatewayError:
    """No account can serve now."""
    if held.left is None:
        return GatewayError(ErrorKind.UNAVAILABLE, Text("accounts.none"), {"code": "no_account"})
    if held.state is State.PROTECTED:
        after = held.left if held.left > 0 else None
        text = Text("accounts.protected")
        return GatewayError(ErrorKind.RATE_LIMITED, text, {"code": "quota_protected", "passing": False}, after)
    seconds = max(1, int(held.left) + (held.left % 1 > 0))
    text = Text("accounts.all_rest", {"seconds": seconds})
    return GatewayError(ErrorKind.RATE_LIMITED, text, {"code": NOT_ASKED}, float(seconds))
