"""The process's log: structured lines on standard error, or in a file that rotates."""

from __future__ import annotations

import logging
import logging.handlers
import sys
from typing import TextIO

import structlog

from crawdad.core.settings import LogSettings
from crawdad.services.log_ring import LogRing

RING = LogRing()
"""What this process wrote last."""
_FILE_BYTES = 20 * 1024 * 1024
_FILES = 5


class _RememberingHandler(logging.StreamHandler[TextIO]):
    """Writes to standard error, and keeps the newest in memory."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        RING.add(text)
        return text


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
        # Its own tracebacks show local variables, and those hold credentials.
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
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
        logging.handlers.RotatingFileHandler(settings.file, maxBytes=_FILE_BYTES, backupCount=_FILES, encoding="utf-8")
        if settings.file
        else _RememberingHandler()
    )
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    for noisy in ("alembic", "asyncio", "aiosqlite", "watchfiles"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
