"""Pieces of text that tell whether what they belong to is copied with each of them."""

from __future__ import annotations


class Piece(str):
    """A piece of text that counts how often such were put behind another by adding the two."""

    appended = 0

    def __radd__(self, other: str) -> str:
        type(self).appended += 1
        return other + str(self)
