"""Words of a text as a search finds them, in languages with blanks and in those without.

Letters and digits make words, in one case and one width. Han, kana and hangul have no blanks to go by: each character
counts, and each pair of neighbours; a query of more than one of them asks for the pairs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_DENSE = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003134f"
)
_PIECE = re.compile(f"([{_DENSE}]+)|((?:(?![{_DENSE}])[^\\W_])+)")
_LONGEST = 64


def index_words(text: str) -> str:
    """The words that `text` is found by, in order, with blanks between them."""
    return " ".join(_words(text, each=True))


def query_words(text: str) -> str:
    """The words that a query asks for, in order, with blanks between them."""
    return " ".join(_words(text, each=False))


def _words(text: str, *, each: bool) -> Iterator[str]:
    for dense, word in _PIECE.findall(unicodedata.normalize("NFKC", text).casefold()):
        if word:
            yield word[:_LONGEST]
            continue
        if each or len(dense) == 1:
            yield from dense
        yield from (dense[at : at + 2] for at in range(len(dense) - 1))
