"""Transactions that are finished although whoever began them is cancelled.

A driver that is cancelled in the middle of a statement may leave its transaction open behind it, and on SQLite that keeps all
others from writing. Turns of agents are cancelled at any moment; what they write is short and is written to its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def finished(
    method: Callable[Parameters, Coroutine[Any, Any, Result]],
) -> Callable[Parameters, Coroutine[Any, Any, Result]]:
    """A method whose work goes on to its end when its caller is cancelled; the caller is cancelled at once."""

    @wraps(method)
    async def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        return await asyncio.shield(method(*args, **kwargs))

    return run
