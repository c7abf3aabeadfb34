"""Terminals from afar (attack 50): nobody's screen makes a program draw without end, and none is left behind."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import orjson
import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.programs import ProgramOrder, Programs
from crawdad.services.maintenance_shell import MaintenanceShell
from crawdad.services.terminals import IDLE_SECONDS, Size, Terminals, frame_of
from tests.support.fakes import FakeClock

ORDER = cast(ProgramOrder, None)


class Program:
    """Prints nothing, and runs until it is told to end."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []
        self.kills = 0
        self.over = asyncio.Event()

    async def read(self) -> bytes:
        await self.over.wait()
        return b""

    async def write(self, data: bytes) -> None:
        if data == b"end":
            self.over.set()

    def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))

    async def wait(self) -> int:
        await self.over.wait()
        return 0

    async def kill(self) -> None:
        self.kills += 1
        self.over.set()


class Printer(Program):
    """Prints pieces, and ends."""

    def __init__(self, *pieces: bytes) -> None:
        super().__init__()
        self.pieces = list(pieces)

    async def read(self) -> bytes:
        if not self.pieces:
            self.over.set()
            return b""
        return self.pieces.pop(0)


class OneProgram:
    """Starts it."""

    def __init__(self, program: Program) -> None:
        self.program = program

    async def start(self, _: ProgramOrder) -> Program:
        return self.program


class Screen:
    """Says what it is told to say, then waits, or goes."""

    def __init__(self, *messages: bytes, goes: bool = False) -> None:
        self.messages = list(messages)
        self.goes = goes
        self.shown = b""
        self.sizes: list[int] = []

    async def receive(self) -> bytes:
        if self.messages:
            return self.messages.pop(0)
        if not self.goes:
            await asyncio.Event().wait()
        raise EOFError

    async def send(self, message: str | bytes) -> None:
        self.shown += message if isinstance(message, bytes) else message.encode()
        self.sizes.append(len(message))


class SlowClock(FakeClock):
    """Others get their turn while somebody sleeps."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        await super().sleep(seconds)


def terminals(program: Program, clock: FakeClock | None = None) -> Terminals:
    return Terminals(cast(Programs, OneProgram(program)), clock or SlowClock())


def resize(columns: Any, rows: Any) -> bytes:
    return orjson.dumps({"type": "resize", "cols": columns, "rows": rows})


async def test_a_flood_of_sizes_has_a_program_draw_a_few_times_and_no_screen_is_endless() -> None:
    program = Program()
    flood = [resize(1 + number % 300, 65_535) for number in range(5000)]
    await terminals(program).run(ORDER, Screen(*flood, resize(65_535, -1), b"end"))
    assert 1 <= len(program.sizes) < 100
    assert all(1 <= columns <= 1000 and 1 <= rows <= 500 for columns, rows in program.sizes)


async def test_a_size_that_it_has_already_is_not_told_again() -> None:
    program = Program()
    await terminals(program).run(ORDER, Screen(*[resize(90, 30)] * 50, b"end"), Size(90, 30))
    assert program.sizes == [(90, 30)]


async def test_one_that_nobody_uses_ends_with_its_program() -> None:
    program, clock = Program(), SlowClock()
    begun = clock.monotonic()
    with pytest.raises(GatewayError) as raised:
        await terminals(program, clock).run(ORDER, Screen())
    assert (raised.value.kind, raised.value.details["code"]) == (ErrorKind.UPSTREAM_TIMEOUT, "idle")
    assert IDLE_SECONDS <= clock.monotonic() - begun < IDLE_SECONDS + 60
    assert program.kills == 1


async def test_a_program_ends_with_its_watcher() -> None:
    program = Program()
    with pytest.raises(EOFError):
        await terminals(program).run(ORDER, Screen(goes=True))
    assert program.kills == 1


@pytest.mark.parametrize(("frame", "sizes"), [(2048, [2048, 2048, 904, 10]), (65_536, [5000, 10])])
async def test_a_message_to_a_screen_is_as_large_as_it_takes(frame: int, sizes: list[int]) -> None:
    screen = Screen()
    await terminals(Printer(b"a" * 5000, b"b" * 10)).run(ORDER, screen, frame=frame)
    assert screen.sizes == sizes


@pytest.mark.parametrize(
    ("said", "meant"),
    [({}, 2048), ({"frame": "65536"}, 65_536), ({"frame": "9999999"}, 65_536), ({"frame": "4096"}, 4096)]
    + [({"frame": each}, 2048) for each in ("", "1", "-5", "many", "٣٣٣٣", "9" * 5000)],
)
def test_how_large_a_message_may_be_is_what_whoever_opens_it_says(said: dict[str, str], meant: int) -> None:
    assert frame_of(said) == meant


async def typed(*messages: str) -> tuple[str, list[str]]:
    """What the shell shows for what is typed, and what it takes for commands."""
    screen = Screen(*(message.encode() for message in messages), b"exit\r")
    run: list[str] = []

    async def order(words: Any) -> ProgramOrder:
        return ORDER

    shell = MaintenanceShell(screen, terminals(Program()), tuple, order, run.append, "en")
    await shell.talk()
    return screen.shown.decode(), [line.split(": ", 1)[-1] for line in run]


async def test_erasing_a_wide_character_erases_both_of_its_cells() -> None:
    shown, run = await typed("echo 你好", "\x7f\x7f", "e\u0301\x7f", "a\r")
    assert "你好" + "\b \b" * 4 in shown
    assert run[0].split()[-1] == "ea"


async def test_arrows_bring_back_what_was_typed_and_other_keys_leave_no_signs() -> None:
    shown, run = await typed(
        "echo 1\r", "echo 2\r", "\x1b[A\x1b", "[A", "\x1b[C\x1b[3~\x1bOB\r", "\x1b[A\x1b[A\x1b[B\x1b[B!\x7fecho 3\r"
    )
    assert [line.split()[-1] for line in run] == ["1", "2", "2", "3"]
    assert "\x1b" not in shown


async def test_what_is_typed_into_the_shell_is_noted_as_text_that_no_terminal_obeys() -> None:
    noted: list[str] = []
    typed = "evil\u009d52;c;cHduZWQ=\u009c \u202egnissap\r".encode()
    screen = Screen(typed, b"exit\r")

    async def order(_: Any) -> ProgramOrder:
        return ORDER

    shell = MaintenanceShell(screen, terminals(Program()), lambda: ("df",), order, noted.append, "en")
    await shell.talk()
    [line] = noted
    assert "evil" in line and line.isprintable()
