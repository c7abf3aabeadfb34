"""The policy, diagnosis and reports, by tables: nothing here has a clock or a disk of its own."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, get_args

import pytest

from crawdad.core.catalogue import MESSAGES
from crawdad.core.healing import Cause, HealEvent, HealStatus, Place, Remedy, event_of, plain_event
from crawdad.core.health import HealthLevel
from crawdad.core.machine import MemoryUse
from crawdad.core.tasks import LogLine
from crawdad.core.text import Text
from crawdad.services.healing.diagnosis import Evidence, SeenPart, diagnose
from crawdad.services.healing.policy import (
    BACK_OFF_SECONDS,
    BEFORE_A_START,
    DISRUPTIVE,
    MOST_DISRUPTIONS,
    WHILE_RUNNING,
    WINDOW_SECONDS,
    decide,
)
from crawdad.services.healing.protection import protected_paths
from crawdad.services.healing.rejected import rejected_difference, without_values
from crawdad.services.healing.reports import report_name, report_text, summary
from crawdad.services.healing.start_signs import killer_in
from crawdad.services.healing.supervisor_log import Crash, crash_event, crashes_in, returns_in

NOW = 1_000_000.0


def event(cause: Cause, remedy: Remedy, ago: float, status: HealStatus = "healed", **more: Any) -> HealEvent:
    return HealEvent(f"e{ago}", NOW - ago, cause, remedy, status=status, **more)


def next_remedy(cause: Cause, *past: HealEvent, subject: str = "") -> str | None:
    table = WHILE_RUNNING if cause in WHILE_RUNNING else BEFORE_A_START
    step = decide(table[cause], cause, subject, sorted(past, key=lambda each: each.at), NOW).step
    return None if step is None else step.remedy


def test_the_mildest_comes_first_and_what_failed_leads_to_the_next_at_once() -> None:
    assert next_remedy("front_door") == "recycle"
    assert next_remedy("front_door", event("front_door", "recycle", 1, "failed")) == "replace"
    failed = [event("front_door", "recycle", 9, "failed"), event("front_door", "replace", 1, "failed")]
    assert next_remedy("front_door", *failed) == "tell"
    assert next_remedy("front_door", *failed, event("front_door", "tell", 0, "told")) is None, "told once"


def test_what_helped_is_done_again_after_a_pause_that_grows() -> None:
    past: list[HealEvent] = []
    for pause in BACK_OFF_SECONDS[:3]:
        past = [replace(each, at=each.at - pause - 1) for each in past]
        past.append(event("cron", "recycle", pause - 1))
        assert next_remedy("cron", *past) is None, pause
        past[-1] = event("cron", "recycle", pause + 1)
        assert next_remedy("cron", *past) == "recycle", pause


def test_a_cause_that_flaps_ends_with_a_person_and_begins_anew_after_the_window() -> None:
    past = [event("channels", "reconnect", 3000 - 700 * number) for number in range(4)]
    assert next_remedy("channels", *past) == "tell"
    assert next_remedy("channels", *(replace(each, at=each.at - WINDOW_SECONDS) for each in past)) == "reconnect"


def test_what_was_done_before_the_clock_was_set_back_holds_nothing_up() -> None:
    ahead = -8 * 3600
    assert next_remedy("cron", event("cron", "recycle", ahead)) == "recycle"
    assert next_remedy("cron", event("cron", "recycle", ahead, "running")) == "recycle"
    assert next_remedy("cron", event("cron", "recycle", -1)) is None, "clocks differ by a little"
    full = [event("front_door", "replace", ahead - number) for number in range(MOST_DISRUPTIONS)]
    assert next_remedy("front_door", *full) == "recycle"


def test_one_thing_at_a_time_and_others_do_not_count() -> None:
    assert next_remedy("memory", event("memory", "shed_load", 5, "running")) is None
    assert next_remedy("plugin", event("plugin", "set_down_plugin", 5, "failed", subject="a"), subject="b") == (
        "set_down_plugin"
    )


def test_all_causes_together_do_not_make_a_storm_of_restarts() -> None:
    causes: list[Cause] = ["front_door", "inside", "memory", "event_loop", "files", "database"]
    past = [event(cause, "replace", 100 + number) for number, cause in enumerate(causes[:MOST_DISRUPTIONS])]
    assert next_remedy("cron", *past) == "tell", "a disruptive remedy is not to be had any more"
    assert next_remedy("disk", *past) == "free_disk", "a mild one is"


def test_every_cause_has_a_rule_words_and_an_end_that_is_mild() -> None:
    assert set(WHILE_RUNNING) | set(BEFORE_A_START) | {"hang"} == set(get_args(Cause))
    for table in (WHILE_RUNNING, BEFORE_A_START):
        for rule in table.values():
            assert rule.ladder[-1].remedy in ("tell", "safe_mode")
            weights = [step.remedy in DISRUPTIVE for step in rule.ladder[:-1]]
            assert weights == sorted(weights), "a mild remedy does not come after a disruptive one"
    for kind, names in (("cause", Cause), ("remedy", Remedy), ("status", HealStatus), ("place", Place)):
        for name in get_args(names):
            assert f"healing.{kind}.{name}" in MESSAGES


def seen(**levels: HealthLevel) -> Evidence:
    parts = {name: SeenPart(level, NOW - 60, Text("health.probe", {"error": name})) for name, level in levels.items()}
    return Evidence(NOW, parts, reconnectable=("telegram:main",))


@pytest.mark.parametrize(
    ("evidence", "causes"),
    [
        (seen(), []),
        (seen(disk="degraded", files="degraded", event_loop="degraded", memory="down", clock="degraded"), []),
        (seen(disk="down", files="down", front_door="down"), ["disk", "files", "front_door"]),
        (seen(inside="degraded"), []),  # somebody has stopped it
        (seen(inside="down"), ["inside"]),
        (seen(channels="degraded"), ["channels"]),
        (replace(seen(channels="down"), reconnectable=()), []),  # somebody has to sign in
        (seen(channels="down", upstreams="down"), ["network"]),
        (seen(channels="degraded", upstreams="down"), ["channels", "upstreams"]),
        (seen(database="down", front_door="down", cron="down"), ["database_away"]),
        (replace(seen(front_door="down"), damage=Text("store.damaged", {"reason": "x"})), ["database"]),
        (replace(seen(), memory=MemoryUse(80, 100)), ["memory"]),
        (replace(seen(), memory=MemoryUse(70, 100)), []),
        (replace(seen(), memory=MemoryUse(70, 0)), []),  # nobody knows what it may take
    ],
)
def test_diagnoses(evidence: Evidence, causes: list[str]) -> None:
    assert [found.cause for found in diagnose(evidence)] == causes


def test_only_what_decides_nothing_about_security_comes_back_by_a_crash() -> None:
    assert protected_paths(["logging", "cluster", "gateway.port", "retry"]) == []
    for path in ("gateway.auth", "gateway.bind", "tools", "agents", "channels", "plugins", "models", "database"):
        assert protected_paths([path, "logging"]) == [path]


def test_a_plugin_is_the_killer_where_enough_died_in_it_and_it_is_still_there() -> None:
    steps = [(1.0, "a"), (2.0, "b"), (3.0, "b"), (4.0, "gone"), (5.0, "gone"), (6.0, "gone")]
    found = killer_in(steps, {"a", "b"}, 2)
    assert found is not None and found[0] == "b"
    assert killer_in(steps, {"a", "b"}, 3) is None
    assert killer_in([], {"a"}, 0) is None


BROKEN = """{
  // the password is swordfish
  "gateway": { "port": 18789, auth: { "token": "sk-secret-one" } },
  "models": { "providers": { "openai": { "apiKey": sk-secret-two", 'x': 'sk-secret-three } } /* swordfish
  swordfish */
  "enabled": true,
"""


def test_of_a_text_that_cannot_be_read_no_value_is_shown() -> None:
    shown = without_values(BROKEN)
    assert not re.search("swordfish|secret|18789", shown)
    assert '"gateway"' in shown and "auth: {" in shown and '"enabled": true' in shown
    found = rejected_difference('{"gateway": {"port": 1, "auth": {"token": "sk-secret-zero"}}}', BROKEN)
    assert found.startswith("--- good\n+++ rejected\n") and "secret" not in found


def test_of_one_that_can_be_read_all_but_its_secrets_is() -> None:
    good = '{\n"gateway": {"port": 1, "auth": {"token": "sk-secret"}}\n}'
    found = rejected_difference(good, good.replace('"port": 1', '"port": "x"'))
    assert '"port": "x"' in found and "sk-secret" not in found


def test_a_report_is_a_page_in_both_languages_and_an_event_survives_the_journal() -> None:
    made = HealEvent(
        id="01a2b3c4d5",
        at=1_795_979_003.0,
        cause="configuration",
        remedy="restore_configuration",
        place="start",
        status="failed",
        confidence=0.6,
        seen=(Text("healing.seen.changed"), "plain ``` words\nover lines"),
        steps=(LogLine(1_795_979_004.0, Text("healing.step.serves")),),
        difference="--- good\n+++ rejected\n-```\n+x\n",
        error=Text("healing.why.no_backup"),
        verify_tries=2,
        verify_ms=1500,
    )
    made = replace(made, report=report_name(made))
    assert made.report == "fault_report_20261129_190323_configuration_b3c4d5.md"
    assert event_of(plain_event(made)) == made
    text = report_text(made, "It was the cat.")
    assert text.count("# Fault report: ") == 1 and text.count("# 故障报告：") == 1
    for words in ("60 % sure", "There is no backup", "2 looks, 1.5 s", "> It was the cat."):
        assert words in text
    assert "plain ``` words over lines" in text and text.count("\n```") == 4
    assert summary(made, "zh").startswith("配置不可用")


def test_crashes_are_read_out_of_the_supervisors_log() -> None:
    lines: list[dict[str, Any]] = [
        {"at": "2026-11-29T19:00:00.000Z", "event": "application_crashed", "pid": 1, "exit_code": 9},
        {"at": "2026-11-29T19:00:10.000Z", "event": "application_hung", "pid": 2, "silent_seconds": 15.2},
        {"at": "2026-11-29T19:00:13.000Z", "event": "application_crashed", "pid": 2, "signal": "SIGABRT"},
        {"at": "nonsense", "event": "application_crashed", "pid": 3},
        {"event": "started"},
    ]
    first = 1_795_978_800.0
    assert crashes_in(lines, 0) == [Crash(first, 1, "exit code 9"), Crash(first + 13, 2, "SIGABRT", 15.2)]
    assert [crash.pid for crash in crashes_in(lines, first)] == [2]
    hung = crash_event(crashes_in(lines, first)[0], ["dice"])
    assert (hung.cause, hung.remedy, hung.subject) == ("hang", "replace", "dice")
    assert hung == crash_event(crashes_in(lines, first)[0], ["dice"]), "whoever reads the log makes the same of it"


def test_returns_from_safe_mode_are_read_out_of_the_supervisors_log() -> None:
    lines: list[dict[str, Any]] = [
        {"at": "2026-11-29T19:00:00.000Z", "event": "safe_mode", "causes": ["disk"]},
        {"at": "2026-11-29T19:00:20.000Z", "event": "safe_mode_cause_gone", "causes": ["disk", "port"]},
        {"at": "2026-11-29T19:00:30.000Z", "event": "safe_mode_cause_gone", "causes": 5},
    ]
    (event,) = returns_in(lines, 0)
    assert (event.cause, event.remedy, event.place, event.at) == ("disk", "replace", "supervisor", 1_795_978_820.0)
    assert [words.key for words in event.seen if isinstance(words, Text)] == [
        "healing.seen.gone.disk",
        "healing.seen.gone.port",
    ]
    assert returns_in(lines, event.at) == []
