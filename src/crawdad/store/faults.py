"""What the drivers raise, as the one error that the rest of the system knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_DAMAGED = ("malformed", "not a database", "disk image")
_PASSING_STATES = ("08", "25006", "3D", "40", "53", "55P03", "57", "58", "XX")
"""PostgreSQL's error classes that say nothing against the statement: connection, read-only standby, no such database, deadlock,
resources, lock, operator, system."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise `GatewayError` for faults of the database.

    UNAVAILABLE: it may work later. CONFLICT: a constraint. BAD_REQUEST: a value it cannot hold. INTERNAL: it is damaged.
    Faults of our own statements pass as they are: they are bugs.
    """
    try:
        yield
    except DBAPIError as error:
        fault = _fault(error)
        if fault is None:
            raise
        raise fault from error
    except (OverflowError, UnicodeEncodeError) as error:  # sqlite3 on integers beyond 64 bits, on lone surrogates
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("store.unfit")) from error
    except (PoolTimeoutError, OSError, TimeoutError) as error:
        raise _unavailable(error) from error


def _fault(error: DBAPIError) -> GatewayError | None:
    cause: BaseException | None = error.orig
    state = str(getattr(cause, "sqlstate", None) or "")
    words = str(cause).lower()
    if any(sign in words for sign in _DAMAGED) and not state:
        return GatewayError(ErrorKind.INTERNAL, Text("store.damaged", {"reason": str(cause)}), {"code": "damaged"})
    if isinstance(error, IntegrityError):
        return GatewayError(ErrorKind.CONFLICT, Text("store.conflict"))
    if state.startswith("22") or (isinstance(error, InterfaceError) and _unfit(cause)):
        return GatewayError(ErrorKind.BAD_REQUEST, Text("store.unfit"))
    passing = isinstance(error, (OperationalError, InterfaceError)) and "no such" not in words
    if passing or error.connection_invalidated or state.startswith(_PASSING_STATES):
        return _unavailable(cause or error)
    return None


def _unfit(cause: BaseException | None) -> bool:
    """Whether the driver itself refused a value: asyncpg's DataError is an InterfaceError and a ValueError."""
    while cause is not None:
        if isinstance(cause, ValueError):
            return True
        cause = cause.__cause__
    return False


def _unavailable(error: BaseException) -> GatewayError:
    reason = str(error) or type(error).__name__
    return GatewayError(ErrorKind.UNAVAILABLE, Text("store.unavailable", {"reason": reason}), {"code": "database"})
