"""How texts are cut into words for the search: words as they stand, Chinese, Japanese and Korean runs into pairs of
characters, both when a text is kept and when it is looked for.

What comes out is letters and digits alone, so the tokenisers of both databases leave it as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from crawdad.core.text_search import MOST_WORD, is_dense, runs_of

MOST_CHARACTERS = 20_000
"""How much of a text is found again."""
_MOST_WANTED = 16


def words_of(text: str) -> str:
    """A text as the index holds it. Single characters of a run are kept beside the pairs: one may be looked for."""
    return " ".join(word for run in runs_of(text[:MOST_CHARACTERS]) for word in _words(run))


def scope_word(kind: str, value: str) -> str:
    """A word that no text holds by chance: by it searches are narrowed down to an owner, an agent or a session."""
    digest = blake2b(value.encode("utf-8", "replace"), digest_size=12).hexdigest()
    return f"zz{kind}{digest}"


def phrases_of(query: str) -> list[list[str]]:
    """What is looked for: phrases, all of which a text must hold; the last word of a query may go on in the text (that
    is what `*` at its end says)."""
    found: list[list[str]] = []
    runs = list(runs_of(query[:500]))[:_MOST_WANTED]
    for place, run in enumerate(runs):
        if is_dense(run):
            found.append([run] if len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)])
        else:
            end = "*" if place == len(runs) - 1 and not query[-1:].isspace() else ""
            found.append([run[:MOST_WORD] + end])
    return found


def _words(run: str) -> Iterator[str]:
    if not is_dense(run):
        yield run[:MOST_WORD]
        return
    # The pairs first, in a row, so that a phrase of them is a run; then each character by itself.
    yield from (run[at : at + 2] for at in range(len(run) - 1))
    yield from dict.fromkeys(run)
