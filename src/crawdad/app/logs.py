"""The process's log: structured lines on standard error, or in a file that rotates. What strangers said cannot steer whoever
reads it, and no credential stands in it, in whichever spelling.
"""

from __future__ import annotations

import io
import logging
import logging.handlers
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from crawdad.app.rotating import RotatingFile
from crawdad.core.settings import LogSettings
from crawdad.services.log_lines import Cleaner, escaped, escaped_values
from crawdad.services.log_ring import LogRing

RING = LogRing()
"""What this process wrote last."""
_TRACEBACKS = ("exception", "stack")
CLEANER = Cleaner()
"""Knows the secrets of the settings in effect."""


class _Cleaning(structlog.stdlib.ProcessorFormatter):
    """Takes credentials out of what is to be written."""

    def format(self, record: logging.LogRecord) -> str:
        return CLEANER.line(super().format(record))


class _RememberingHandler(logging.StreamHandler[TextIO]):
    """Writes to standard error, and keeps the newest in memory."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        RING.add(text)
        return text


def _escape(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Nothing that somebody said can be obeyed by a terminal, or be taken for another line."""
    for name, value in list(event.items()):
        if name in _TRACEBACKS and isinstance(value, str):
            event[name] = escaped(value, lines=True)
        elif not name.startswith("_") and name != "exc_info":
            # Each value by itself: colours beside it hide from the rules where it begins.
            event[name] = escaped_values(value, clean=CLEANER.word)
    return event


def _traceback(sio: TextIO, exc_info: structlog.typing.ExcInfo) -> None:
    """The plain one: others show local variables, and those hold credentials."""
    text = io.StringIO()
    structlog.dev.plain_traceback(text, exc_info)
    sio.write(escaped(text.getvalue(), lines=True))


def log_aside() -> None:
    """For a command: what is logged goes to standard error, as standard output is for the answer, which programs read. Unless
    somebody has said already where the log goes."""
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[structlog.stdlib.add_log_level, _escape, structlog.dev.ConsoleRenderer(colors=False)],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def configure_logs(settings: LogSettings) -> None:
    """Send structlog's and the standard library's records the way the settings say."""
    as_json = settings.format == "json" or (settings.format == "auto" and (settings.file or not sys.stderr.isatty()))
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(exception_formatter=_traceback)
    )
    if not as_json:
        shared.pop()  # the console renderer draws tracebacks itself
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler: logging.Handler = (
        RotatingFile(settings.file, settings.rotation) if settings.file else _RememberingHandler()
    )
    handler.setFormatter(
        _Cleaning(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _escape, renderer],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    before, root.handlers[:] = list(root.handlers), [handler]
    for each in before:
        if isinstance(each, RotatingFile):
            each.close()
    root.setLevel(settings.level.upper())
    for noisy in ("alembic", "asyncio", "aiosqlite", "watchfiles"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
