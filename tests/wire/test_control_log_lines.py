"""Lines of the log as OpenClaw's clients read them."""

from __future__ import annotations

import json

import pytest

from crawdad.wire.control.log_lines import log_line, shown_line

OURS = {
    "address": "203.0.113.9",
    "tries": 3,
    "event": "control_refused",
    "level": "warning",
    "logger": "crawdad.api",
    "timestamp": "2026-11-29T12:07:40.257149Z",
}


def test_a_line_of_ours_has_words_time_level_and_origin() -> None:
    spelled = json.loads(log_line(json.dumps(OURS)))
    assert {name: spelled[name] for name in OURS} == OURS, "nothing of it is lost"
    assert spelled["0"] == "control_refused address=203.0.113.9 tries=3"
    assert spelled["time"] == spelled["_meta"]["date"] == OURS["timestamp"]
    assert spelled["_meta"]["logLevelName"] == "WARN"
    assert json.loads(spelled["_meta"]["name"]) == {"subsystem": "crawdad.api"}
    assert shown_line(log_line(json.dumps(OURS))) == f"{OURS['timestamp']}  WARN  {spelled['0']}"


def test_a_traceback_is_shown_with_it() -> None:
    spelled = json.loads(log_line(json.dumps({"event": "broke", "level": "error", "exception": "Traceback: …"})))
    assert spelled["0"] == "broke\nTraceback: …" and spelled["_meta"]["logLevelName"] == "ERROR"


@pytest.mark.parametrize(
    "line", ["plain words", "", "[1, 2]", '{"message": "of another program"}', '{"0":"a","_meta":{},"event":"b"}']
)
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert log_line(line) == line


def test_lines_without_words_are_shown_as_they_are() -> None:
    assert shown_line("plain words") == "plain words" and shown_line('{"a":1}') == '{"a":1}'
