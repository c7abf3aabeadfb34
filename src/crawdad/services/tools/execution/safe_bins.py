"""Programs that only turn their standard input into output: which calls of them are just that. Pure.

Every option that is not listed is refused, so that none can name a file to read, to write (`--output=`) or to run. Words
that are no options are counted; where none is allowed there is no file to open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crawdad.core.tool_settings import SafeBinProfile

_NUMBER = re.compile(r"[+-]?\d{1,12}[bkKmMG]?")
_RANGES = re.compile(r"[0-9,\-]{1,200}")
_FEATURE = re.compile(r"\b(import|include|env|input_filename|getpath|modulemeta|get_search_list)\b|\$ENV|\$__loc__")


@dataclass(frozen=True, slots=True)
class Rules:
    """How a program may be called: options without and with a value, and how many other words."""

    flags: frozenset[str] = frozenset()
    value_flags: frozenset[str] = frozenset()
    least: int = 0
    most: int = 0


def _rules(flags: str, value_flags: str = "", least: int = 0, most: int = 0) -> Rules:
    return Rules(frozenset(flags.split()), frozenset(value_flags.split()), least, most)


BUILT_IN: Mapping[str, Rules] = {
    "cut": _rules(
        "-n -s -z --complement --only-delimited --zero-terminated",
        "-b -c -f -d --bytes --characters --fields --delimiter --output-delimiter",
    ),
    "head": _rules("-q -v -z --quiet --verbose --zero-terminated", "-n -c --lines --bytes"),
    "tail": _rules("-q -v -z --quiet --verbose --zero-terminated", "-n -c --lines --bytes"),
    "tr": _rules(
        "-c -C -d -s -t --complement --delete --squeeze-repeats --truncate-set1",
        least=1,
        most=2,
    ),
    "uniq": _rules(
        "-c -d -D -i -u -z --count --repeated --ignore-case --unique --zero-terminated",
        "-f -s -w --skip-fields --skip-chars --check-chars",
    ),
    "wc": _rules("-c -m -l -L -w --bytes --chars --lines --max-line-length --words"),
    "jq": _rules(
        "-c -r -j -a -s -S -M -n -e --compact-output --raw-output --join-output --ascii-output --slurp --sort-keys "
        "--monochrome-output --null-input --exit-status --tab",
        "--indent",
        least=1,
        most=1,
    ),
}


def is_safe_call(name: str, arguments: Sequence[str], own: SafeBinProfile | None = None) -> bool:
    """Whether a call of the program `name` touches nothing but its standard input and output."""
    rules = BUILT_IN.get(name)
    if own is not None:
        rules = _tightened(rules, own)
    if rules is None:
        return False
    others = _other_words(arguments, rules)
    if others is None or not rules.least <= len(others) <= rules.most:
        return False
    return name != "jq" or not any(_FEATURE.search(word) for word in others)


def _tightened(rules: Rules | None, own: SafeBinProfile) -> Rules:
    """Built-in rules can be narrowed, not widened; a program without any has the operator's alone."""
    denied = frozenset(own.denied_flags)
    if rules is not None:
        return Rules(rules.flags - denied, rules.value_flags - denied, rules.least, rules.most)
    flags, value_flags = frozenset(own.allowed_flags) - denied, frozenset(own.allowed_value_flags) - denied
    return Rules(flags, value_flags, own.min_positional, own.max_positional)


def _other_words(arguments: Sequence[str], rules: Rules) -> list[str] | None:
    """The words that are no options; None when an option is not allowed."""
    others: list[str] = []
    waiting = False
    for place, word in enumerate(arguments):
        if waiting:
            if _could_be_a_file(word):
                return None
            waiting = False
        elif word == "--":
            others += arguments[place + 1 :]
            break
        elif word.startswith("--"):
            flag, equals, value = word.partition("=")
            if flag in rules.value_flags:
                waiting = not equals
                if equals and _could_be_a_file(value):
                    return None
            elif flag not in rules.flags or equals:
                return None
        elif word.startswith("-") and word != "-":
            rest = _short(word, rules)
            if rest is None:
                return None
            waiting = rest
        else:
            others.append(word)
    return None if waiting else others


def _short(word: str, rules: Rules) -> bool | None:
    """`-abc` or `-n5`. True: the next word is its value; None: not allowed."""
    for place in range(1, len(word)):
        flag = f"-{word[place]}"
        if flag in rules.value_flags:
            value = word[place + 1 :]
            return None if _could_be_a_file(value) else not value
        if flag not in rules.flags:
            return None
    return False


def _could_be_a_file(value: str) -> bool:
    """Values are numbers, ranges or delimiters; anything longer might name something."""
    return len(value) > 4 and not _NUMBER.fullmatch(value) and not _RANGES.fullmatch(value)
