"""What a command line means without a shell: its words, or that it needs a shell. Pure.

Quotes and backslashes are read as POSIX does. Whatever a shell would act upon (pipes, redirections, heredocs, expansions,
globs, several commands) is found here and refused, so that what is judged is exactly what runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

MOST_CHARACTERS = 32_768
_BLANKS = " \t"
_ACTED_ON = set("|&;<>()$`\n\r*?[]{}")
_ACTED_ON_IN_QUOTES = set("$`")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")
_KEYWORDS = frozenset(
    (
        *("if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "function"),
        *("select", "time", "coproc", "!", "{", "}", "[[", "]]", "cd", "export", "unset", "source", ".", "eval"),
        *("exec", "alias", "set", "trap", "ulimit", "umask", "read"),
    )
)
"""What the shell itself would do: there is no such program, or running it as one does nothing."""


@dataclass(frozen=True, slots=True)
class NeedsShell(Exception):
    """The command says something that only a shell does: `what`."""

    what: str


def words_of(command: str) -> tuple[str, ...]:
    """The words of a command line. Raises `NeedsShell`, or BAD_REQUEST for what nothing could run."""
    if len(command) > MOST_CHARACTERS or "\0" in command:
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("exec.bad_command"), {"param": "command"})
    words = _Reader(command.strip()).words()
    if not words or not words[0]:
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("exec.bad_command"), {"param": "command"})
    if words[0] in _KEYWORDS:
        raise NeedsShell(words[0])
    return tuple(words)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._words: list[str] = []
        self._word: str | None = None
        self._quoted = False

    def words(self) -> list[str]:
        while self._at < len(self._text):
            character = self._text[self._at]
            self._at += 1
            if character in _BLANKS:
                self._end_word()
            elif character == "'":
                self._single()
            elif character == '"':
                self._double()
            elif character == "\\":
                self._escaped()
            elif character in _ACTED_ON:
                raise NeedsShell(_name(character))
            elif self._word is None and character in "~#":
                raise NeedsShell(character)
            else:
                self._add(character)
        self._end_word()
        return self._words

    def _add(self, text: str) -> None:
        self._word = (self._word or "") + text

    def _end_word(self) -> None:
        if self._word is not None:
            if not self._words and not self._quoted and (found := _ASSIGNMENT.match(self._word)):
                raise NeedsShell(found[0])
            self._words.append(self._word)
        self._word, self._quoted = None, False

    def _escaped(self) -> None:
        if self._at >= len(self._text):
            raise NeedsShell("\\")
        character = self._text[self._at]
        self._at += 1
        if character in "\n\r":
            raise NeedsShell(_name("\n"))
        self._quoted = True
        self._add(character)

    def _single(self) -> None:
        end = self._text.find("'", self._at)
        if end < 0:
            raise _unclosed("'")
        self._quoted = True
        self._add(self._text[self._at : end])
        self._at = end + 1

    def _double(self) -> None:
        self._quoted = True
        self._add("")
        while self._at < len(self._text):
            character = self._text[self._at]
            self._at += 1
            if character == '"':
                return
            if character in _ACTED_ON_IN_QUOTES:
                raise NeedsShell(character)
            if character == "\\" and self._at < len(self._text) and self._text[self._at] in '$`"\\\n':
                character = self._text[self._at]
                self._at += 1
                if character == "\n":
                    raise NeedsShell(_name(character))
            self._add(character)
        raise _unclosed('"')


def _unclosed(quote: str) -> GatewayError:
    return GatewayError(ErrorKind.BAD_REQUEST, Text("exec.unclosed", {"quote": quote}), {"param": "command"})


def _name(character: str) -> str:
    return "\\n" if character in "\n\r" else character
