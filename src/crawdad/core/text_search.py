"""Words of a text as a search finds them, in languages with blanks and in those without.

Letters and digits make words, in one case and one width. Han, kana and hangul have no blanks to go by: each character
counts, and each pair of neighbours; a query of more than one of them asks for the pairs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_DENSE = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003fffd"
)
_RUN = re.compile(rf"[{_DENSE}]+|[^\W_{_DENSE}]+")
_IS_DENSE = re.compile(rf"[{_DENSE}]")
MOST_WORD = 64
"""How much of a word counts."""


def runs_of(text: str) -> Iterator[str]:
    """The words of `text`, and its runs of characters that have no blanks between them, in one case and one width."""
    return (match[0] for match in _RUN.finditer(unicodedata.normalize("NFKC", text).casefold()))


def is_dense(run: str) -> bool:
    """Whether a run has no blanks to go by."""
    return _IS_DENSE.match(run) is not None


def index_words(text: str) -> str:
    """The words that `text` is found by, in order, with blanks between them."""
    return " ".join(_words(text, each=True))


def query_words(text: str) -> str:
    """The words that a query asks for, in order, with blanks between them."""
    return " ".join(_words(text, each=False))


def _words(text: str, *, each: bool) -> Iterator[str]:
    for run in runs_of(text):
        if not is_dense(run):
            yield run[:MOST_WORD]
            continue
        if each or len(run) == 1:
            yield from run
        yield from (run[at : at + 2] for at in range(len(run) - 1))
