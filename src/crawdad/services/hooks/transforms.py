"""The port of hook transforms: code of the operator's own that changes what a mapping made of a call."""

from __future__ import annotations

from typing import Any, Protocol


class Transforms(Protocol):
    """Runs transforms apart from the gateway."""

    async def run(self, module: str, export: str | None, below: str | None, context: Any, seconds: float) -> Any:
        """What the function makes of `context`. Raises BAD_REQUEST for a module outside the folder, INTERNAL where it
        fails."""
