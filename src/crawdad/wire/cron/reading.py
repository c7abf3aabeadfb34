"""Jobs as clients, models and files give them. What is left out is inferred, old forms are brought into the present one."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast, get_args
from urllib.parse import urlsplit

from crawdad.core.cron import (
    AgentTurn,
    At,
    DeliveryMode,
    Every,
    Expression,
    Job,
    JobDelivery,
    Misfire,
    MisfireMode,
    Payload,
    Schedule,
    SystemEvent,
    WakeMode,
)
from crawdad.core.errors import GatewayError, bad_request
from crawdad.core.parts import JsonObject
from crawdad.core.sessions import normalise_agent_id
from crawdad.wire.cron.writing import write_job

_PAST_MS = 60_000
_AHEAD_MS = 3653 * 86_400_000
_LONGEST_NAME = 200
_LONGEST_TEXT = 100_000
_LATEST_MS = 250_000_000_000_000
"""Near the end of what calendars reach."""
_LONGEST_MS = 3_153_600_000_000
"""A hundred years."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LEGACY_DELIVERY = ("deliver", "channel", "to", "provider", "bestEffortDeliver")


def read_job(document: Any, *, job_id: str, now: int, name_from_text: bool = True, any_time: bool = False) -> Job:
    """A new job. Raises BAD_REQUEST with the field at fault; unless `any_time`, an `at` that is over or far
    ahead is one."""
    given = _unwrapped(document)
    schedule_given, payload_given = _schedule_given(given), _payload_given(given)
    missing = [name for name, value in (("schedule", schedule_given), ("payload", payload_given)) if value is None]
    name = given.get("name")
    if name is None and name_from_text and payload_given is not None:
        name = _first_words(payload_given)
    if name is None:
        missing.insert(0, "name")
    if missing or schedule_given is None or payload_given is None:
        raise bad_request("cron.missing", missing[0], fields=", ".join(missing))
    schedule = _schedule(schedule_given, now)
    if not any_time:
        need_future(schedule, now)
    payload, moved = _payload(payload_given)
    job = Job(
        id=job_id,
        name=_text(name, "name", _LONGEST_NAME),
        schedule=schedule,
        payload=payload,
        created_at=now,
        updated_at=now,
        delete_after_run=isinstance(schedule, At),
        delivery=JobDelivery("announce") if isinstance(payload, AgentTurn) else JobDelivery(),
    )
    return _checked(_rest(job, given, moved), given)


def read_changed(job: Job, document: Any, *, now: int) -> Job:
    """A job with changes made to it; what is left out stays. Raises BAD_REQUEST."""
    given = _unwrapped(document, "patch")
    before = write_job(job)
    changed = replace(job, updated_at=now)
    if (schedule_given := _schedule_given(given)) is not None:
        same = schedule_given.get("kind", before["schedule"]["kind"]) == before["schedule"]["kind"]
        changed.schedule = _schedule({**before["schedule"], **schedule_given} if same else schedule_given, now)
        if changed.schedule != job.schedule:
            need_future(changed.schedule, now)
    moved: JsonObject = {}
    if (payload_given := _payload_given(given)) is not None:
        same = payload_given.get("kind", before["payload"]["kind"]) == before["payload"]["kind"]
        changed.payload, moved = _payload({**before["payload"], **payload_given} if same else payload_given)
    if given.get("name") is not None:
        changed.name = _text(given["name"], "name", _LONGEST_NAME)
    if isinstance(changed.payload, SystemEvent) and changed.delivery.mode == "announce" and "delivery" not in given:
        changed.delivery = JobDelivery()
    return _checked(_rest(changed, given, moved), given)


def read_schedule(document: Any, now: int) -> Schedule:
    """A schedule by itself, as that of a job is given. Raises BAD_REQUEST."""
    given = _schedule_given({"schedule": document})
    if given is None:
        raise bad_request("wire.missing", "schedule")
    return _schedule(given, now)


def need_future(schedule: Schedule, now: int) -> None:
    """Raise BAD_REQUEST for a moment that is over, or ten years away."""
    if isinstance(schedule, At) and not now - _PAST_MS <= schedule.at <= now + _AHEAD_MS:
        raise bad_request("cron.at_past" if schedule.at < now else "cron.at_far", "schedule.at")


def _unwrapped(document: Any, wrapper: str = "job") -> JsonObject:
    found = document
    for name in ("data", wrapper, "job"):
        if isinstance(found, dict) and isinstance(found.get(name), dict) and "payload" not in found:
            found = found[name]
    if not isinstance(found, dict):
        raise bad_request("wire.type", wrapper, expected="an object")
    return found


def _schedule_given(given: JsonObject) -> JsonObject | None:
    found = given.get("schedule")
    if found is None:
        names = ("at", "atMs", "everyMs", "expr", "cron")
        found = {name: given[name] for name in (*names, "tz", "staggerMs", "anchorMs") if name in given}
        return found if any(name in found for name in names) else None
    if isinstance(found, str):
        return {"kind": "cron", "expr": found}
    if not isinstance(found, dict):
        raise bad_request("wire.type", "schedule", expected="an object")
    return found


def _schedule(given: JsonObject, now: int) -> Schedule:
    kind = given.get("kind")
    if kind is None:
        if "at" in given or "atMs" in given:
            kind = "at"
        else:
            kind = "every" if "everyMs" in given else "cron"
    if kind == "at":
        return At(_moment(given["atMs"] if given.get("at") is None and "atMs" in given else given.get("at")))
    if kind == "every":
        anchor = given.get("anchorMs")
        return Every(
            _whole(given.get("everyMs"), "schedule.everyMs", 1, _LONGEST_MS),
            now if anchor is None else _whole(anchor, "schedule.anchorMs", 0),
        )
    if kind != "cron":
        raise bad_request("wire.value", "schedule.kind", value=repr(kind)[:60])
    tz, stagger = given.get("tz"), given.get("staggerMs")
    return Expression(
        _text(given.get("expr", given.get("cron")), "schedule.expr", 200),
        None if tz in (None, "") else _text(tz, "schedule.tz", 64),
        None if stagger is None else _whole(stagger, "schedule.staggerMs", 0, _LONGEST_MS),
    )


def _moment(value: Any) -> int:
    """ISO 8601 (without a zone: UTC; a date: its beginning) or milliseconds."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= _LATEST_MS:
        return int(value)
    text = value.strip() if isinstance(value, str) else ""
    if text.isascii() and text.isdigit() and len(text) <= 15 and int(text) <= _LATEST_MS:
        return int(text)
    try:
        moment = datetime.fromisoformat(f"{text}T00:00:00" if _DATE.fullmatch(text) else text)
        found = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return round(found.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise bad_request("cron.bad_at", "schedule.at", value=repr(value)[:60]) from None


def _payload_given(given: JsonObject) -> JsonObject | None:
    found = given.get("payload")
    if found is None:
        names = ("text", "message", "model", "thinking", "timeoutSeconds", *_LEGACY_DELIVERY)
        found = {name: given[name] for name in names if name in given}
        return found if "text" in found or "message" in found else None
    if not isinstance(found, dict):
        raise bad_request("wire.type", "payload", expected="an object")
    return found


def _payload(given: JsonObject) -> tuple[Payload, JsonObject]:
    """The payload, and what it says of delivery in the old way."""
    kind = given.get("kind")
    if kind is None:
        kind = "agentTurn" if "message" in given else "systemEvent"
    if kind.lower() == "systemevent" if isinstance(kind, str) else False:
        return SystemEvent(_text(given.get("text"), "payload.text", _LONGEST_TEXT, empty=True)), {}
    if not isinstance(kind, str) or kind.lower() != "agentturn":
        raise bad_request("wire.value", "payload.kind", value=repr(kind)[:60])
    timeout = given.get("timeoutSeconds")
    if timeout is not None and not (type(timeout) in (int, float) and 0 <= timeout <= 31_536_000):
        raise bad_request("wire.value", "payload.timeoutSeconds", value=repr(timeout)[:60])
    unsafe = given.get("allowUnsafeExternalContent")
    payload = AgentTurn(
        _text(given.get("message"), "payload.message", _LONGEST_TEXT),
        _optional(given.get("model"), "payload.model"),
        _optional(given.get("thinking"), "payload.thinking"),
        timeout,
        unsafe is not False,
    )
    return payload, {name: given[name] for name in _LEGACY_DELIVERY if given.get(name) is not None}


def _rest(job: Job, given: JsonObject, moved: JsonObject) -> Job:
    """What is not schedule and payload."""
    for key, name in (("enabled", "enabled"), ("deleteAfterRun", "delete_after_run"), ("notify", "notify")):
        if given.get(key) is not None:
            setattr(job, name, _flag(given[key], key))
    if "description" in given:
        job.description = _text(given["description"] or "", "description", 2000, empty=True)
    if "agentId" in given:
        value = given["agentId"]
        job.agent_id = None if value is None else normalise_agent_id(_text(value, "agentId", 200))
    if "sessionKey" in given:
        job.session_key = _optional(given["sessionKey"], "sessionKey")
    if given.get("wakeMode") is not None:
        job.wake_mode = cast(WakeMode, _one_of(given["wakeMode"], "wakeMode", get_args(WakeMode)))
    if given.get("misfire") is not None:
        job.misfire = _misfire(given["misfire"])
    job.delivery = _delivery(job, given.get("delivery"), moved)
    return job


def _delivery(job: Job, given: Any, moved: JsonObject) -> JobDelivery:
    found = job.delivery
    if moved:
        on = _flag(moved.get("deliver", True), "payload.deliver")
        found = JobDelivery(
            "announce" if on else "none",
            _text(moved.get("channel") or moved.get("provider") or found.channel, "payload.channel", 200),
            _text(moved.get("to") or found.to, "payload.to", 2000, empty=True),
            _flag(moved.get("bestEffortDeliver", found.best_effort), "payload.bestEffortDeliver"),
        )
    if given is None:
        return found
    if not isinstance(given, dict):
        raise bad_request("wire.type", "delivery", expected="an object")
    mode = given.get("mode", found.mode)
    mode = "announce" if mode == "deliver" else mode
    return JobDelivery(
        cast(DeliveryMode, _one_of(mode, "delivery.mode", get_args(DeliveryMode))),
        _text(given.get("channel") or ("last" if "channel" in given else found.channel), "delivery.channel", 200),
        _text(given.get("to") or ("" if "to" in given else found.to), "delivery.to", 2000, empty=True),
        _flag(given.get("bestEffort", found.best_effort), "delivery.bestEffort"),
    )


def _misfire(given: Any) -> Misfire:
    values = {"mode": given} if isinstance(given, str) else given
    if not isinstance(values, dict):
        raise bad_request("wire.type", "misfire", expected="an object")
    mode = cast(MisfireMode, _one_of(values.get("mode"), "misfire.mode", get_args(MisfireMode)))
    if mode != "run-if-within":
        return Misfire(mode)
    return Misfire(mode, _whole(values.get("seconds", values.get("withinSeconds")), "misfire.seconds", 1))


def _checked(job: Job, given: JsonObject) -> Job:
    """What must fit together."""
    target = given.get("sessionTarget")
    if target is not None:
        _one_of(target, "sessionTarget", ("main", "isolated"))
        if target != job.target:
            wanted = "systemEvent" if target == "main" else "agentTurn"
            raise bad_request("cron.target", "sessionTarget", target=target, kind=wanted)
    mode, to = job.delivery.mode, job.delivery.to
    if mode == "announce" and job.target == "main":
        raise bad_request("cron.announce_main", "delivery.mode")
    if mode == "webhook":
        need_url(to, "delivery.to")
    return job


def need_url(url: str, param: str) -> None:
    """Raise BAD_REQUEST unless that is an address on the web, without a password in it."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
        _ = parts.port
    except ValueError:
        valid = False
    if not valid or not url.isprintable() or " " in url:
        raise bad_request("cron.webhook_url", param)


def _first_words(payload: JsonObject) -> str | None:
    text = payload.get("message", payload.get("text"))
    return " ".join(text.split())[:60] or None if isinstance(text, str) else None


def _text(value: Any, param: str, longest: int, empty: bool = False) -> str:
    if value is None:
        raise bad_request("wire.missing", param)
    if not isinstance(value, str):
        raise bad_request("wire.type", param, expected="a string")
    trimmed = value.strip()
    if (not trimmed and not empty) or len(trimmed) > longest or "\x00" in trimmed:
        raise _bad(param, value)
    try:
        trimmed.encode()
    except UnicodeEncodeError:
        raise _bad(param, value) from None
    return trimmed


def _optional(value: Any, param: str) -> str | None:
    return None if value in (None, "") else _text(value, param, 512)


def _whole(value: Any, param: str, least: int, most: int = _LATEST_MS) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is None:
        raise bad_request("wire.missing", param)
    if type(value) is not int or not least <= value <= most:
        raise _bad(param, value)
    return value


def _flag(value: Any, param: str) -> bool:
    if not isinstance(value, bool):
        raise bad_request("wire.type", param, expected="a boolean")
    return value


def _one_of(value: Any, param: str, known: tuple[str, ...]) -> str:
    if value not in known or not isinstance(value, str):
        raise _bad(param, value)
    return value


def _bad(param: str, value: Any) -> GatewayError:
    return bad_request("wire.value", param, value=ascii(value)[:60])
