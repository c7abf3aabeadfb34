"""Words for people. A `Text` is a catalogue key with values; it becomes English or Chinese only at the edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Language = str
LANGUAGES: tuple[Language, ...] = ("en", "zh")

_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Text:
    """A message in the catalogue (`crawdad.core.catalogue`), with the values that fill its `{placeholders}`.

    A value may itself be a `Text`, or `Names`; it is rendered in the language of the whole.
    """

    key: str
    values: Mapping[str, object] = field(default_factory=lambda: _NOTHING)

    def render(self, language: Language = "en") -> str:
        """The words in `language`; English where the language is unknown. A text without words is told by its key and values:
        whoever waits for an answer gets one all the same."""
        from crawdad.core.catalogue import MESSAGES

        values = {
            key: value.render(language) if isinstance(value, Text | Names) else value
            for key, value in self.values.items()
        }
        if (pair := MESSAGES.get(self.key)) is None:
            return " ".join((self.key, *(f"{key}={value}" for key, value in values.items())))
        return pair[1 if language == "zh" else 0].format_map(values)


@dataclass(frozen=True, slots=True)
class Names:
    """Names of things, each in English and Chinese, told one after the other."""

    pairs: tuple[tuple[str, str], ...]

    def render(self, language: Language = "en") -> str:
        """All of them in `language`."""
        return ("、" if language == "zh" else ", ").join(pair[1 if language == "zh" else 0] for pair in self.pairs)


def preferred_language(accept_language: str | None) -> Language:
    """`zh` when an Accept-Language header (or a locale name) prefers Chinese over English, else `en`."""
    if not accept_language:
        return "en"
    best, best_weight = "en", -1.0
    for item in accept_language[:200].split(","):
        name, _, parameters = item.strip().lower().partition(";")
        try:
            weight = float(parameters.strip().removeprefix("q=")) if parameters else 1.0
        except ValueError:
            continue
        short = name.replace("_", "-").partition("-")[0]
        if short in LANGUAGES and weight > best_weight:
            best, best_weight = short, weight
    return best
