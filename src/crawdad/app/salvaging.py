"""Salvage in a process of its own: what is read may come from anybody, and however it ends, the one that waits goes on.

`python -P -m crawdad.app.salvaging --damaged --target --seconds --now [--original]` prints one JSON object: `{"tables": [...]}`
or `{"error": {"kind", "words"}}`."""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crawdad.adapters.programs.running import ProgramFailed, run_program
from crawdad.app.ending_with_parent import end_with_parent
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.tasks import words_in, words_out
from crawdad.core.text import Text
from crawdad.store.salvage.laying import Salvaged, salvage

_READING_SECONDS = 100.0
_MOST_SECONDS = 200.0
"""Beyond what reading may take: for laying the last rows, and for looking through what came of it."""
_MOST_BYTES = 2 << 30
_MOST_TOLD = 1 << 20


async def salvaged(damaged: Path, target: Path, original: Path | None, now: float) -> Sequence[Salvaged]:
    """See `store.salvage.laying.salvage`. Raises UNAVAILABLE where the process does not come to its end."""
    command = [sys.executable, "-P", "-m", "crawdad.app.salvaging", "--damaged", str(damaged), "--target", str(target)]
    command += ["--seconds", str(_READING_SECONDS), "--now", str(now)]
    command += ["--original", str(original)] if original is not None else []
    try:
        told = await run_program(
            tuple(command),
            seconds=_MOST_SECONDS,
            most_bytes=_MOST_TOLD,
            environment=os.environ,
            complaints="apart",
        )
        return _read(json.loads(told))
    except ProgramFailed as failed:
        raise _ended(failed.reason) from None
    except (ValueError, KeyError, TypeError):
        raise _ended("it told nothing that can be read") from None


def _read(told: Mapping[str, Any]) -> list[Salvaged]:
    fault = told.get("error")
    if fault is not None:
        raise GatewayError(ErrorKind(fault["kind"]), words_in(fault["words"]))
    return [Salvaged(**table) for table in told["tables"]]


def _ended(reason: Text | str) -> GatewayError:
    return GatewayError(ErrorKind.UNAVAILABLE, Text("healing.why.salvage_ended", {"reason": reason}))


def main() -> None:
    """The process."""
    parser = argparse.ArgumentParser(prog="crawdad.app.salvaging")
    for name in ("--damaged", "--target", "--original", "--seconds", "--now"):
        parser.add_argument(name, default=None)
    options = parser.parse_args()
    end_with_parent()
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (_MOST_BYTES, _MOST_BYTES))
    until = time.monotonic() + float(options.seconds)
    original = Path(options.original) if options.original else None
    try:
        tables = salvage(
            Path(options.damaged), Path(options.target), original, lambda: time.monotonic() > until, float(options.now)
        )
        told: dict[str, Any] = {"tables": [asdict(table) for table in tables]}
    except GatewayError as error:
        told = {"error": {"kind": error.kind.value, "words": words_out(error.text)}}
    except (OSError, MemoryError) as error:
        told = {"error": {"kind": ErrorKind.UNAVAILABLE.value, "words": str(error) or type(error).__name__}}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
