"""What a start learns of the process before it, from the supervisor's log; and what the environment makes of notifications."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from crawdad.app import record
from crawdad.app.crashes import events_up_to_this_start
from crawdad.app.notifications import FEISHU_TARGET, with_environment
from crawdad.app.record import SUPERVISOR_LOG, EventLog, last_end, read_events
from crawdad.core.notification_settings import NotificationSettings, NotificationTarget
from crawdad.core.text import Text
from crawdad.services.healing.supervisor_log import crash_before, crash_event, crashes_in
from tests.support.fakes import FakeClock

ME, BEFORE = 7, 6
CRASH, SINCE = "application_crashed", "application_ready"


@pytest.mark.parametrize(
    ("events", "how"),
    [
        ([("started", 1), ("application_started", BEFORE), (CRASH, BEFORE), ("application_started", ME)], "SIGKILL"),
        ([(CRASH, BEFORE), ("safe_mode", 0), ("application_started", ME), (SINCE, ME)], "SIGKILL"),
        ([(CRASH, 5), ("application_started", BEFORE), (SINCE, BEFORE), ("application_started", ME)], None),
        ([(CRASH, BEFORE), ("started", 1), ("application_started", ME)], None),
        ([("application_stopped", BEFORE), ("stopped", 1), ("started", 1), ("application_started", ME)], None),
        # One that finished up went between the crash and this start.
        ([(CRASH, BEFORE), ("application_stopped", 5), ("application_started", ME), (SINCE, ME)], "SIGKILL"),
        # It was to take the place of one that crashed meanwhile.
        ([(SINCE, BEFORE), ("application_started", ME), (CRASH, BEFORE), (SINCE, ME)], "SIGKILL"),
        # The one that crashed first, and what came of it never served.
        (
            [(CRASH, 5), ("application_started", BEFORE), ("application_stopped", BEFORE), ("application_started", ME)],
            "SIGKILL",
        ),
        # Another process had the same number, and served; and what has crashed since this one serves is not before it.
        ([(SINCE, ME), (CRASH, ME), ("application_started", ME)], "SIGKILL"),
        ([("application_started", ME), (SINCE, ME), (CRASH, BEFORE)], None),
        ([(CRASH, BEFORE)], None),
        ([], None),
    ],
)
def test_which_crash_a_start_makes_up_for(tmp_path: Path, events: list[tuple[str, int]], how: str | None) -> None:
    log = EventLog(tmp_path / SUPERVISOR_LOG)
    for event, pid in events:
        log.append(event, pid=pid, **({"signal": "SIGKILL"} if event == CRASH else {}))
    found = crash_before(read_events(log.path), ME)
    assert (found.how if found is not None else None) == how


def test_a_gateway_that_was_cut_off_is_known_from_one_that_was_stopped(tmp_path: Path) -> None:
    log = EventLog(tmp_path / SUPERVISOR_LOG)
    assert last_end(log.path) == ""
    log.append("started", pid=1, after="")
    log.append("application_ready", pid=ME)
    assert last_end(log.path) == "cut off"
    log.append("started", pid=1, after=last_end(log.path))
    log.append("application_started", pid=ME)
    found = crash_before(read_events(log.path), ME)
    assert found is not None and found.cut_off and crashes_in(read_events(log.path)) == [found]
    words = crash_event(found, []).seen[0]
    assert isinstance(words, Text) and "lost its power" in words.render("en") and "断电" in words.render("zh")
    log.append("stopped", exit_code=0)
    assert last_end(log.path) == "stopped"
    log.append("started", pid=1, after=last_end(log.path))
    log.append("application_started", pid=ME)
    assert crash_before(read_events(log.path), ME) is None


def test_a_process_id_that_comes_again_did_not_hang() -> None:
    at = "2026-11-29T19:00:00.000Z"
    lines = [
        {"at": at, "event": "application_hung", "pid": ME, "silent_seconds": 15.2},
        {"at": at, "event": CRASH, "pid": ME, "signal": "SIGABRT"},
        {"at": at, "event": CRASH, "pid": ME, "signal": "SIGKILL"},
        {"at": at, "event": "application_hung", "pid": BEFORE, "silent_seconds": 15.2},
        {"at": at, "event": "application_started", "pid": BEFORE},
        {"at": at, "event": CRASH, "pid": BEFORE, "signal": "SIGKILL"},
    ]
    assert [(crash.how, crash.silent_seconds) for crash in crashes_in(lines)] == [
        ("SIGABRT", 15.2),
        ("SIGKILL", None),
        ("SIGKILL", None),
    ]


async def test_what_a_start_makes_up_for_is_read_once_the_supervisor_knows_that_it_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process in whose place it was to come may crash while this one is on its way."""
    (tmp_path / "logs").mkdir()
    log = EventLog(tmp_path / "logs" / SUPERVISOR_LOG)
    log.append("application_ready", pid=1)
    log.append("application_started", pid=os.getpid())
    monkeypatch.setattr(record, "holder", lambda _: os.getppid())
    looks = 0

    class Clock(FakeClock):
        async def sleep(self, seconds: float) -> None:
            nonlocal looks
            looks += 1
            if looks == 1:
                log.append("application_crashed", pid=1, signal="SIGKILL")
            else:
                log.append("application_ready", pid=os.getpid())
            await super().sleep(seconds)

    lines = await events_up_to_this_start(tmp_path, Clock())
    found = crash_before(lines, os.getpid())
    assert looks == 2 and found is not None and found.pid == 1


async def test_nothing_is_waited_for_without_a_supervisor_nor_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    assert await events_up_to_this_start(tmp_path, clock) == [] and clock.slept == []
    monkeypatch.setattr(record, "holder", lambda _: os.getppid())
    assert await events_up_to_this_start(tmp_path, clock) == [] and 100 < sum(clock.slept) < 200


def test_a_log_is_read_over_its_rotation_and_a_line_that_was_cut_off(tmp_path: Path) -> None:
    log = EventLog(tmp_path / SUPERVISOR_LOG)
    log.append("one")
    with log.path.open("ab") as file:
        file.write(b'{"event": "cut')  # a disk that was full for a moment
    log.append("two")
    log.path.rename(tmp_path / f"{SUPERVISOR_LOG}.1")
    log.append("three")
    assert [each["event"] for each in read_events(log.path)] == ["one", "two", "three"]
    size = log.path.stat().st_size
    assert [each["event"] for each in read_events(log.path, size + 5)] == ["three"]
    log.path.unlink()
    assert [each["event"] for each in read_events(log.path)] == ["one", "two"], "in the midst of a rotation"
    assert read_events(tmp_path / "nothing") == []


def test_buddy_s_variables_make_a_target() -> None:
    environment = {
        "FEISHU_ENABLED": "true",
        "FEISHU_APP_ID": "cli_1",
        "FEISHU_APP_SECRET": "hidden",
        "FEISHU_CHAT_ID": "oc_1",
    }
    found = with_environment(NotificationSettings(), environment).targets[FEISHU_TARGET]
    assert (found.kind, found.app_id, found.to, found.language) == ("feishu-app", "cli_1", "oc_1", "zh")
    assert "hidden" not in repr(found)
    assert with_environment(NotificationSettings(), {**environment, "FEISHU_ENABLED": "false"}).targets == {}
    own = NotificationSettings(targets={FEISHU_TARGET: NotificationTarget(kind="telegram", to="1")})
    assert with_environment(own, environment) is own
