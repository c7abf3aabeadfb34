"""When safe mode is left by itself: on real files and ports, with a clock of the test's."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from crawdad.app import exits
from crawdad.app.safe_mode import LOOK_SECONDS, SafeModeWatch
from tests.app.processes import Running, running
from tests.support.waiting import eventually

_PATIENCE = 120.0


def looked(watch: SafeModeWatch, seconds: int, now: float = 0.0) -> list[tuple[float, list[str]]]:
    """When it was said to be gone, of looks as often as the supervisor has them."""
    steps = [now + each * LOOK_SECONDS for each in range(int(seconds / LOOK_SECONDS))]
    return [(at - now, causes) for at in steps if (causes := watch.gone(at, []))]


def test_a_disk_with_room_again_is_tried_after_ever_longer_pauses_and_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, free = SafeModeWatch(tmp_path, tmp_path / "openclaw.json"), 0

    def state(_: object) -> os.statvfs_result:
        return os.statvfs_result((4096, 4096, free, free, free, 0, 0, 0, 0, 255))

    monkeypatch.setattr(os, "statvfs", state)
    assert watch.enter(-9, None) == ["disk"]
    assert looked(watch, 600) == []
    free = (48 << 20) // 4096
    assert looked(watch, 600, 1000.0) == [], "a little room is soon gone again"
    free = (500 << 20) // 4096
    tries = [at for at, causes in looked(watch, 3500, 2000.0) if causes == ["disk"]]
    assert tries == [5.0, 65.0, 185.0, 485.0], "a storm of restarts is not to be had of a disk that flaps"
    watch.leave()
    assert watch.due() is None


def test_a_home_that_takes_nothing_a_taken_port_and_a_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "openclaw.json"
    config.write_text("{")
    watch = SafeModeWatch(tmp_path, config)
    assert watch.enter(-9, None) == [] and watch.due() is None, "of a crash nobody sees that its cause is gone"
    assert watch.enter(exits.CONFIGURATION, None) == ["configuration"]
    assert looked(watch, 300) == []
    config.write_text("{}")
    assert looked(watch, 300, 1000.0) == [(5.0, ["configuration"])], "once for each change"
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = other.getsockname()
        watch = SafeModeWatch(tmp_path, config)
        assert watch.enter(exits.ADDRESS_TAKEN, address) == ["port"] and looked(watch, 60) == []
        assert watch.gone(1000.0, [address]) == [] and watch.gone(1010.0, [address]) == ["port"], "it is ours by now"
    watch = SafeModeWatch(tmp_path, config)
    watch.enter(exits.ADDRESS_TAKEN, address)
    assert looked(watch, 60) == [(5.0, ["port"])]
    gone = tmp_path / "gone"
    watch = SafeModeWatch(gone, config)
    assert watch.enter(-9, None) == ["read_only"] and looked(watch, 60) == []
    gone.mkdir()
    assert looked(watch, 60, 1000.0) == [(5.0, ["read_only"])] and os.listdir(gone) == []


def test_a_configuration_that_is_put_right_ends_safe_mode_by_itself(tmp_path: Path) -> None:
    (tmp_path / "fault").write_text("configuration")
    with running(tmp_path, CRAWDAD_TEST_FAULT="file") as crawdad:
        eventually(lambda: served(crawdad, safely=True), "safe mode", _PATIENCE)
        (tmp_path / "fault").unlink()
        (tmp_path / "openclaw.json").write_text('{"gateway": {"port": 0}}')
        eventually(lambda: served(crawdad, safely=False), "the whole application", _PATIENCE)
        assert crawdad.event("safe_mode_cause_gone")["causes"] == ["configuration"]


def served(crawdad: Running, *, safely: bool) -> bool:
    state = crawdad.state()
    return state.get("state") == "ready" and state["safe_mode"] is safely and crawdad.health()["safe_mode"] is safely
