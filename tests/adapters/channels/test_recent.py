"""What channels remember of late."""

from __future__ import annotations

from crawdad.adapters.channels.recent import Recent


def test_what_was_written_longest_ago_is_forgotten_first() -> None:
    recent: Recent[int] = Recent(2)
    recent["a"], recent["b"] = 1, 2
    assert recent["a"] == 1  # reading keeps nothing
    recent["b"] = 3
    recent["c"] = 4
    assert dict(recent) == {"b": 3, "c": 4}
    recent["b"] = 5
    recent["d"] = 6
    assert dict(recent) == {"b": 5, "d": 6}
    assert recent.pop("a", 0) == 0 and recent.setdefault("e", 7) == 7 and list(recent) == ["d", "e"]
