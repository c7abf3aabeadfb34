"""Quick commands: what people often say to their agents, kept to be said again at a touch.

A few are there from the beginning and stay; the others belong to the installation, and everybody who signs in sees them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.services.panel_values import PanelValues

MOST = 200
LONGEST_LABEL = 100
LONGEST_PROMPT = 4000
LONGEST_ICON = 64
_NAME = "quick-commands"
_FIRST_ID = 101


@dataclass(frozen=True, slots=True)
class QuickCommand:
    """One of them. `prompt` is what is said, `icon` the name of a picture (Lucide's names), or empty."""

    id: int
    label: Text | str
    prompt: Text | str
    icon: str = ""
    is_system: bool = False


def _system(number: int, name: str, icon: str) -> QuickCommand:
    return QuickCommand(number, Text(f"quick.{name}.label"), Text(f"quick.{name}.prompt"), icon, is_system=True)


SYSTEM = (
    _system(1, "soul", "Sparkles"),
    _system(2, "identity", "IdCard"),
    _system(3, "memory", "Brain"),
    _system(4, "model", "Cpu"),
    _system(5, "models", "List"),
    _system(6, "status", "Activity"),
)
"""Those that are always there. Their ids never change."""


class QuickCommands:
    """The quick commands of an installation."""

    def __init__(self, values: PanelValues) -> None:
        self._values = values

    async def listed(self) -> tuple[QuickCommand, ...]:
        """All, those that are always there first, then in the order in which they were made."""
        kept = await self._values.read(_NAME)
        return (*SYSTEM, *(QuickCommand(**row) for row in kept.get("commands", ())))

    async def add(self, label: str, prompt: str, icon: str = "") -> QuickCommand:
        """Keep one more. Raises CONFLICT where there are too many, TOO_LARGE."""
        async with self._values.lock:
            kept = await self._values.read(_NAME)
            rows = kept.get("commands", [])
            if len(rows) >= MOST:
                raise GatewayError(ErrorKind.CONFLICT, Text("quick.too_many", {"most": MOST}), {"code": "too_many"})
            made = QuickCommand(kept.get("next", _FIRST_ID), label, prompt, icon)
            await self._values.write(_NAME, {"next": made.id + 1, "commands": [*rows, asdict(made)]})
        return made

    async def delete(self, number: int) -> None:
        """Have one no more; one that is not there is gone already. Raises FORBIDDEN for one that is always there."""
        if any(command.id == number for command in SYSTEM):
            raise GatewayError(ErrorKind.FORBIDDEN, Text("quick.system"), {"code": "system_command"})
        async with self._values.lock:
            kept = await self._values.read(_NAME)
            rows = kept.get("commands", [])
            left = [row for row in rows if row["id"] != number]
            if len(left) < len(rows):
                await self._values.write(_NAME, {**kept, "commands": left})
