"""Jobs in all the forms that clients, models and files give them in; whatever is read is written back the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawdad.core.cron import AgentTurn, At, Every, Expression, JobDelivery, Misfire, SystemEvent
from crawdad.core.errors import GatewayError
from crawdad.wire.cron import read_changed, read_job, read_store, write_job

NOW = 1_767_225_600_000
TURN = {"kind": "agentTurn", "message": "look"}


def job(**values: Any) -> Any:
    return read_job(values, job_id="j", now=NOW)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"at": "2026-02-01T10:00:00"}, At(1_769_940_000_000)),
        ({"at": "2026-02-01T10:00:00+08:00"}, At(1_769_911_200_000)),
        ({"at": "2026-02-01"}, At(1_769_904_000_000)),
        ({"at": "1769904000000"}, At(1_769_904_000_000)),
        ({"kind": "at", "atMs": 1_769_904_000_000}, At(1_769_904_000_000)),
        ({"everyMs": 5000}, Every(5000, NOW)),
        ({"kind": "every", "everyMs": 5000, "anchorMs": 7}, Every(5000, 7)),
        ({"expr": "0 9 * * *", "tz": "Asia/Shanghai"}, Expression("0 9 * * *", "Asia/Shanghai")),
        ({"cron": "0 9 * * *", "staggerMs": 0}, Expression("0 9 * * *", None, 0)),
        ("0 9 * * *", Expression("0 9 * * *")),
    ],
)
def test_schedules(given: Any, wanted: Any) -> None:
    assert job(schedule=given, payload=TURN).schedule == wanted


def test_what_is_left_out_is_inferred() -> None:
    flat = job(everyMs=60_000, text="stand up")
    assert (flat.payload, flat.target, flat.name) == (SystemEvent("stand up"), "main", "stand up")
    turn = job(schedule={"at": "2026-02-01"}, message="look")
    assert (
        turn.delivery == JobDelivery("announce") and turn.delete_after_run and turn.wake_mode == "now" and turn.enabled
    )
    assert read_job({"job": {"everyMs": 5000, "message": "x"}}, job_id="j", now=NOW).payload == AgentTurn("x")
    assert read_job({"data": {"everyMs": 5000, "message": "x"}}, job_id="j", now=NOW).name == "x"
    assert job(everyMs=5000, message="x", agentId=" Main Agent ").agent_id == "main-agent"


def test_old_fields_of_delivery_are_moved() -> None:
    old = {**TURN, "deliver": True, "channel": "telegram", "to": "7", "bestEffortDeliver": True}
    assert job(everyMs=5000, payload=old).delivery == JobDelivery("announce", "telegram", "7", True)
    assert job(everyMs=5000, payload={**TURN, "deliver": False}).delivery.mode == "none"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("skip", Misfire("skip")),
        ({"mode": "run"}, Misfire("run")),
        ({"mode": "run-if-within", "seconds": 60}, Misfire("run-if-within", 60)),
    ],
)
def test_misfire(given: Any, wanted: Misfire) -> None:
    assert job(everyMs=5000, payload=TURN, misfire=given).misfire == wanted


def test_changes_leave_the_rest_alone() -> None:
    made = job(name="n", schedule={"expr": "0 9 * * *", "tz": "UTC"}, payload={**TURN, "model": "m"}, agentId="a")
    changed = read_changed(
        made, {"patch": {"payload": {"message": "else"}, "schedule": {"tz": "Asia/Tokyo"}}}, now=NOW + 1
    )
    assert changed.payload == AgentTurn("else", "m") and changed.schedule == Expression("0 9 * * *", "Asia/Tokyo")
    assert (changed.name, changed.agent_id, changed.updated_at) == ("n", "a", NOW + 1)
    assert read_changed(made, {"agentId": None}, now=NOW).agent_id is None
    main = read_changed(made, {"payload": {"kind": "systemEvent", "text": "t"}}, now=NOW)
    assert main.target == "main" and main.delivery.mode == "none"


@pytest.mark.parametrize(
    "values",
    [
        {"everyMs": 5000, "payload": TURN, "sessionTarget": "main"},
        {"everyMs": 5000, "text": "t", "sessionTarget": "isolated"},
        {"everyMs": 5000, "text": "t", "delivery": {"mode": "announce"}},
        {"everyMs": 5000, "payload": TURN, "delivery": {"mode": "webhook"}},
        {"everyMs": 5000, "payload": TURN, "delivery": {"mode": "webhook", "to": "http://u:p@h/"}},
        {"everyMs": 1.5, "payload": TURN},
        {"everyMs": True, "payload": TURN},
        {"everyMs": 2**53, "payload": TURN},
        {"schedule": {"everyMs": 5, "anchorMs": 2**53}, "payload": TURN},
        {"schedule": {"at": "tomorrow"}, "payload": TURN},
        {"schedule": {"at": str(NOW - 61_000)}, "payload": TURN},
        {"everyMs": 5000, "payload": {"kind": "command", "argv": ["rm"]}},
        {"everyMs": 5000, "payload": {**TURN, "timeoutSeconds": -1}},
        {"everyMs": 5000, "payload": TURN, "enabled": "yes"},
        {"everyMs": 5000, "payload": TURN, "wakeMode": "soon"},
        {"everyMs": 5000, "payload": TURN, "name": "x" * 300},
    ],
)
def test_what_does_not_fit_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(GatewayError):
        read_job(values, job_id="j", now=NOW)


def test_a_webhook_fits_both_kinds() -> None:
    hook = {"mode": "webhook", "to": "https://example.com/h"}
    assert job(everyMs=5000, text="t", delivery=hook).delivery.mode == "webhook"
    assert job(everyMs=5000, payload=TURN, delivery=hook).delivery.to == "https://example.com/h"


def test_what_was_written_is_read_as_the_same() -> None:
    for values in (
        {"everyMs": 5000, "text": "t", "description": "d", "enabled": False},
        {
            "expr": "0 9 * * *",
            "message": "m",
            "thinking": "high",
            "timeoutSeconds": 0,
            "misfire": "skip",
            "notify": True,
        },
        {"at": "2026-02-01", "message": "m", "deleteAfterRun": False, "delivery": {"channel": "telegram", "to": "7"}},
    ):
        made = job(**values)
        assert read_job(write_job(made), job_id="j", now=NOW) == made


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(
    "name schedule payload delivery kind at atMs everyMs expr tz message text model misfire mode agentId to job data".split()  # noqa: SIM905
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(fields, json_values | st.dictionaries(fields, json_values, max_size=4), max_size=8))
def test_whatever_comes_is_read_or_refused(values: dict[str, Any]) -> None:
    try:
        write_job(read_job(values, job_id="j", now=NOW))
    except GatewayError as error:
        assert error.message("en") and error.message("zh")


def test_a_file_of_openclaws() -> None:
    document = {
        "version": 1,
        "jobs": [
            {
                "id": "a",
                "name": "old",
                "schedule": {"kind": "at", "at": "2020-01-01"},
                "payload": TURN,
                "enabled": False,
            },
            {
                "id": "b",
                "schedule": {"everyMs": 5000},
                "payload": {**TURN, "deliver": True, "channel": "telegram", "to": "7"},
                "createdAtMs": 5,
                "state": {"lastRunAtMs": 9, "consecutiveErrors": 2, "nextRunAtMs": 7},
            },
            {"id": "c"},
            "nonsense",
        ],
    }
    jobs, problems = read_store(document, NOW)
    assert [each.id for each in jobs] == ["a", "b"] and [name for name, _ in problems] == ["c", "3"]
    assert (jobs[1].state.last_run_at, jobs[1].state.consecutive_errors, jobs[1].created_at) == (9, 2, 5)
    assert jobs[1].state.next_run_at is None and jobs[1].delivery.channel == "telegram"
    with pytest.raises(GatewayError):
        read_store({"version": 1}, NOW)
