"""Transforms of hooks: a Python file, run in a process of its own, JSON in and JSON out, within a time.

The port is `services.hooks.transforms.Transforms`. A transform is the operator's own code and runs with the rights of the
gateway's user, but with none of its environment.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson

from crawdad.adapters.programs.running import ProgramFailed, run_python
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_MOST_BYTES = 1024 * 1024
_RUN = """
import importlib.util, json, os, sys
answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
path, names = sys.argv[1], sys.argv[2:]
spec = importlib.util.spec_from_file_location("transform", path)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
function = next(getattr(module, name) for name in names if hasattr(module, name))
json.dump(function(json.load(sys.stdin)), answer)
answer.flush()
"""


class PythonTransforms:
    """Runs modules of one folder and those below it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def run(self, module: str, export: str | None, below: str | None, context: Any, seconds: float) -> Any:
        """What the function makes of `context`. `below` narrows the folder. Raises BAD_REQUEST for a module outside it,
        INTERNAL where it fails, takes too long or says too much."""
        path = await asyncio.to_thread(self._place, module, below)
        names = (export,) if export else ("transform", "default")
        try:
            said = await run_python(
                ("-I", "-S", "-c", _RUN, str(path), *names),
                orjson.dumps(context),
                seconds=seconds,
                most_bytes=_MOST_BYTES,
                folder=path.parent,
            )
        except ProgramFailed as failed:
            raise _failed(module, failed.reason) from None
        try:
            return orjson.loads(said)
        except orjson.JSONDecodeError:
            raise _failed(module, "its answer is not JSON") from None

    def _place(self, module: str, below: str | None) -> Path:
        """The file, every link resolved, in the folder; and not the folder's owner's neighbour by any trick of spelling."""
        root = self._folder.resolve()
        folder = (root / below).resolve() if below else root
        path = (folder / module).resolve()
        if not folder.is_relative_to(root) or not path.is_relative_to(folder) or path.suffix != ".py":
            values = {"module": module[:200], "folder": str(folder)}
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("doors.transform_outside", values))
        if not path.is_file():
            raise _failed(module, "there is no such file")
        return path


def _failed(module: str, reason: Text | str) -> GatewayError:
    return GatewayError(ErrorKind.INTERNAL, Text("doors.transform_failed", {"module": module[:200], "reason": reason}))
