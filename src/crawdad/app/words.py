"""The language of this process and its words on the terminal. Light: the supervisor uses it too."""

from __future__ import annotations

import os
from collections.abc import Mapping

from crawdad.core.catalogue import MESSAGES


def chosen_language(environment: Mapping[str, str]) -> str:
    """`zh` or `en`: CRAWDAD_LANG, else the locale of the terminal."""
    for name in ("CRAWDAD_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


LANGUAGE = chosen_language(os.environ)


def words(key: str, /, **values: object) -> str:
    """The catalogue entry `key` in the language of this process."""
    return MESSAGES[key][1 if LANGUAGE == "zh" else 0].format_map(values)
