"""Secrets as a type: what prints, logs or compares one never sees it."""

from __future__ import annotations

import hmac

SEALED_PREFIX = "enc:v1:"
"""How a secret begins that was encrypted by a `SecretBox`."""


class Secret:
    """A value that must not be shown. `reveal()` is the only way to it; equality takes constant time."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself: for the call that needs it, and nowhere else."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a Secret cannot be pickled")


def mask(value: str) -> str:
    """A hint of a secret for people: its first and last characters where it is long enough to spare them."""
    return f"{value[:4]}…{value[-4:]}" if len(value) >= 16 else "***"
