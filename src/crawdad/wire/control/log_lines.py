"""Lines of the log as clients of the control channel read them: in the spelling of OpenClaw's own log. Pure.

OpenClaw's clients take the words of a line from its numbered keys, its time from `time`, its level and origin from
`_meta`. A line of ours gets those beside what it has.
"""

from __future__ import annotations

from typing import Any

import orjson

_LEVELS = {"warning": "WARN", "critical": "FATAL", "exception": "ERROR"}
_SAID = frozenset(("event", "level", "timestamp", "logger", "exception"))


def log_line(raw: str) -> str:
    """A line so that clients can show it. One that is no JSON object, or is spelled so already, stays as it is."""
    value = _object(raw)
    if value is None or "_meta" in value or "event" not in value:
        return raw
    level = str(value.get("level", "info"))
    meta: dict[str, Any] = {"logLevelName": _LEVELS.get(level, level.upper())}
    if isinstance(value.get("logger"), str):
        meta["name"] = orjson.dumps({"subsystem": value["logger"]}).decode()
    spelled: dict[str, Any] = {"0": _words(value), "_meta": meta}
    if isinstance(value.get("timestamp"), str):
        spelled["time"] = meta["date"] = value["timestamp"]
    return orjson.dumps({**spelled, **value}).decode()


def shown_line(line: str) -> str:
    """A line for people: time, level and words. One of another spelling stays as it is."""
    value = _object(line)
    if value is None or "0" not in value:
        return line
    meta = value["_meta"] if isinstance(value.get("_meta"), dict) else {}
    parts = (value.get("time"), meta.get("logLevelName"), value["0"])
    return "  ".join(str(part) for part in parts if part)


def _words(value: dict[str, Any]) -> str:
    facts = [f"{name}={_text(item)}" for name, item in value.items() if name not in _SAID]
    words = " ".join([str(value["event"]), *facts])
    return f"{words}\n{value['exception']}" if isinstance(value.get("exception"), str) else words


def _text(item: Any) -> str:
    return item if isinstance(item, str) else orjson.dumps(item).decode()


def _object(raw: str) -> dict[str, Any] | None:
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None
