"""A prompt for the commands that the operator has allowed (`gateway.shell`), and for nothing else.

No shell reads what is typed: a line is split into words, nothing in it is expanded, and the words must be those of an allowed
command. A command that ends in `*` takes any further words. What runs is told in the activity log.
"""

from __future__ import annotations

import asyncio
import shlex
import unicodedata
from collections.abc import Awaitable, Callable, Sequence

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.programs import ProgramOrder
from crawdad.core.text import Language, Text
from crawdad.services.log_lines import escaped
from crawdad.services.terminals import FRAME, Screen, Size, Terminals, understood

COMMAND_SECONDS = 120.0
MOST_OUTPUT = 1024 * 1024
PROMPT = b"crawdad> "
_LONGEST_LINE = 1000
_MOST_REMEMBERED = 50
_BACKSPACE, _INTERRUPT, _END, _CLEAR, _ESCAPE = 0x7F, 0x03, 0x04, 0x15, 0x1B
_OLDER, _NEWER = (b"[A", b"OA"), (b"[B", b"OB")

Order = Callable[[Sequence[str]], Awaitable[ProgramOrder]]
"""The program for the words of a command."""


def words_of(line: str) -> list[str] | None:
    """The words of a line: quotation marks hold some together, no other sign means anything. None: a mark is missing."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters, lexer.escape = True, "", ""
    try:
        return list(lexer)
    except ValueError:
        return None


def allows(commands: Sequence[str], words: Sequence[str]) -> bool:
    """Whether `words` are those of one of `commands`."""
    for command in commands:
        wanted = command.split()
        if wanted[-1:] == ["*"]:
            fits = len(wanted) > 1 and list(words[: len(wanted) - 1]) == wanted[:-1]
        else:
            fits = bool(wanted) and list(words) == wanted
        if fits:
            return True
    return False


def cells(sign: str) -> int:
    """How many cells of a screen a character takes: Chinese ones two, accents that stand on another none."""
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in ("W", "F") else 1


class MaintenanceShell:
    """One person's prompt. `commands` are the allowed ones of now, `note` keeps what is run, `frame` is the most bytes of one
    message."""

    def __init__(
        self,
        screen: Screen,
        terminals: Terminals,
        commands: Callable[[], Sequence[str]],
        order: Order,
        note: Callable[[str], None],
        language: Language,
        frame: int = FRAME,
    ) -> None:
        self._screen = screen
        self._terminals = terminals
        self._commands = commands
        self._order = order
        self._note = note
        self._language = language
        self._frame = frame
        self._size: Size | None = None
        self._line = bytearray()
        self._key: bytearray | None = None
        """What has come of a key that sends several signs, as arrows do, behind the first of them."""
        self._history: list[str] = []
        self._place = 0
        """Where in the history the line is; its length: it is a new one."""
        self._rest = b""
        """What was typed, or pasted, behind the end of a line."""

    async def talk(self) -> None:
        """Until `exit`. Raises EOFError when whoever watches goes, UPSTREAM_TIMEOUT after the idle limit."""
        await self._say(Text("shell.welcome"))
        while (line := await self._entry()) is not None:
            words = words_of(line)
            if words is None:
                await self._say(Text("shell.quotes"))
            elif words == ["exit"]:
                return
            elif words == ["help"]:
                await self._screen.send("".join(f"{each}\r\n" for each in self._commands()).encode())
            elif words:
                await self._run(words)

    async def _run(self, words: Sequence[str]) -> None:
        shown = escaped(shlex.join(words)[:200])
        if not allows(self._commands(), words):
            self._note(Text("shell.refused", {"command": shown}).render(self._language))
            await self._say(Text("shell.not_allowed"))
            return
        self._note(Text("shell.ran", {"command": shown}).render(self._language))
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                order = await self._order(words)
                code = await self._terminals.run(order, self._screen, self._size, MOST_OUTPUT, self._frame)
        except TimeoutError:
            await self._say(Text("shell.too_long", {"seconds": int(COMMAND_SECONDS)}))
        except GatewayError as error:
            if error.kind is ErrorKind.UPSTREAM_TIMEOUT:
                raise
            await self._screen.send(f"\r\n{error.message(self._language)}\r\n".encode())
        else:
            if code:
                await self._say(Text("shell.code", {"code": code}))

    async def _entry(self) -> str | None:
        """What is typed up to the end of a line; None for the end of all."""
        await self._screen.send(PROMPT)
        self._line.clear()
        self._key, self._place = None, len(self._history)
        while True:
            found = self._rest or understood(await self._terminals.typed(self._screen))
            if isinstance(found, Size):
                self._size = found
                continue
            shown, self._rest = bytearray(), b""
            for number, sign in enumerate(found):
                if sign in (0x0A, 0x0D):
                    self._rest = found[number + 1 :].removeprefix(b"\n" if sign == 0x0D else b"")
                    await self._screen.send(bytes(shown) + b"\r\n")
                    return self._entered()
                if sign == _END and not self._line:
                    return None
                self._take(sign, shown)
            if shown:
                await self._screen.send(bytes(shown))

    def _entered(self) -> str:
        line = self._line.decode("utf-8", "replace")
        if line.strip() and line not in self._history[-1:]:
            self._history = [*self._history, line][-_MOST_REMEMBERED:]
        return line

    def _take(self, sign: int, shown: bytearray) -> None:
        if self._key is not None or sign == _ESCAPE:
            self._take_of_key(sign, shown)
        elif sign in (_INTERRUPT, _CLEAR):
            self._line.clear()
            shown += b"\r\n" + PROMPT
        elif sign in (_BACKSPACE, 0x08):
            if self._line:
                line = self._line.decode("utf-8", "replace")
                self._line = bytearray(line[:-1], "utf-8")
                shown += b"\b \b" * cells(line[-1])
        elif sign >= 0x20 and len(self._line) < _LONGEST_LINE:
            self._line.append(sign)
            shown.append(sign)

    def _take_of_key(self, sign: int, shown: bytearray) -> None:
        if self._key is None or sign == _ESCAPE:
            self._key = bytearray()
            return
        self._key.append(sign)
        if len(self._key) == 1 and sign in b"[O":
            return
        if self._key[0] in b"[O" and not 0x40 <= sign <= 0x7E and len(self._key) < 32:
            return
        key, self._key = bytes(self._key), None
        if key in _OLDER:
            self._recall(self._place - 1, shown)
        elif key in _NEWER:
            self._recall(self._place + 1, shown)

    def _recall(self, place: int, shown: bytearray) -> None:
        """Another line of the history in place of the one that is written; behind the last is an empty one."""
        if not 0 <= place <= len(self._history):
            return
        self._place = place
        line = self._history[place] if place < len(self._history) else ""
        shown += b"\b \b" * sum(cells(sign) for sign in self._line.decode("utf-8", "replace"))
        self._line = bytearray(line, "utf-8")
        shown += self._line

    async def _say(self, text: Text) -> None:
        await self._screen.send(f"{text.render(self._language)}\r\n".encode())
