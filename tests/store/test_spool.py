"""The spool: a ring that outlives its process, cut off at the first record that is not whole."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from crawdad.store.spool import DamagedSpool, Spool

PAGE = 4096
CAPACITY = 64 * 1024


def die(spool: Spool) -> Path:
    """Let go of the spool as a killed process does: nothing is tidied up."""
    spool.close(remove=False)
    return spool.path


def adopt(path: Path) -> Spool:
    spool = Spool.adopt(path)
    assert spool is not None
    return spool


def everything(spool: Spool, at_once: int = 7) -> list[bytes]:
    """All records, committed on the way."""
    found = []
    while spool.pending:
        batch = spool.batch(at_once)
        found += batch.records
        spool.commit(batch)
    return found


def test_what_was_appended_is_read_in_order(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, CAPACITY)
    assert spool.batch(10).records == []
    assert all(spool.append(b"%d" % number) for number in range(20))
    assert spool.batch(3).records == [b"0", b"1", b"2"]
    assert everything(spool) == [b"%d" % number for number in range(20)]
    spool.close(remove=True)
    assert list(tmp_path.iterdir()) == []


def test_a_dead_process_leaves_what_it_did_not_commit(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, CAPACITY)
    for number in range(10):
        spool.append(b"record %d" % number)
    spool.commit(spool.batch(4))
    spool.drop(3)
    found = adopt(die(spool))
    assert found.pending == 6
    assert found.dropped == 3
    assert everything(found) == [b"record %d" % number for number in range(4, 10)]
    found.close(remove=True)


def test_the_ring_goes_round_many_times_and_survives_at_every_turn(tmp_path: Path) -> None:
    chance = random.Random(3)
    spool = Spool.create(tmp_path, CAPACITY)
    expected: list[bytes] = []
    number = 0
    for _ in range(400):
        for _ in range(chance.randrange(30)):
            payload = b"%d:" % number + b"x" * chance.randrange(400)
            if spool.append(payload):
                expected.append(payload)
                number += 1
        batch = spool.batch(chance.randrange(1, 40))
        assert batch.records == expected[: len(batch.records)]
        spool.commit(batch)
        del expected[: len(batch.records)]
        if chance.random() < 0.1:
            spool = adopt(die(spool))
            assert spool.pending == len(expected)
    assert number > 20 * CAPACITY / 400
    assert everything(spool) == expected
    spool.close(remove=True)


def test_a_full_spool_refuses_and_counts(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, CAPACITY)
    payload = b"x" * 1000
    taken = sum(spool.append(payload) for _ in range(100))
    assert taken == CAPACITY * 15 // 16 // 1016
    assert spool.dropped == 100 - taken
    spool.commit(spool.batch(1))
    assert spool.append(payload), "what was committed makes room"
    found = adopt(die(spool))
    assert (found.pending, found.dropped) == (taken, 100 - taken)
    found.close(remove=True)


def test_a_full_spool_has_room_for_what_must_not_be_dropped(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, CAPACITY)
    while spool.append(b"x" * 1000):
        pass
    charges = [b"charge %03d" % number for number in range(100)]
    assert all(map(spool.append_to_spare, charges)) and not spool.append(b"x" * 100)
    while spool.append_to_spare(b"y" * 1000):
        pass
    assert not spool.append_to_spare(b"y" * 1000) and spool.dropped == 2, "the spare room ends too, and counts nothing"
    found = adopt(die(spool))
    assert [record for record in everything(found) if record.startswith(b"charge")] == charges
    found.close(remove=True)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content, end: content.__setitem__(slice(end - 5, end), b"\0" * 5),
        lambda content, end: content.__setitem__(end - 1, content[end - 1] ^ 1),
        lambda content, end: content.__setitem__(slice(end - 30, end), b"\0" * 30),
        lambda content, end: content.__setitem__(slice(end - 22, end - 18), b"\xff" * 4),
    ],
    ids=["payload cut off", "one bit", "never written", "absurd length"],
)
def test_a_torn_record_ends_the_spool(tmp_path: Path, damage: Callable[[bytearray, int], None]) -> None:
    spool = Spool.create(tmp_path, CAPACITY)
    for number in range(5):
        spool.append(b"record no. %03d" % number)
    end = PAGE + 5 * 30
    path = die(spool)
    content = bytearray(path.read_bytes())
    damage(content, end)
    path.write_bytes(content)
    found = adopt(path)
    assert everything(found) == [b"record no. %03d" % number for number in range(4)]
    found.close(remove=True)


def test_what_an_earlier_round_left_is_not_taken_for_a_record(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, CAPACITY)
    for _ in range(3):
        for number in range(10):
            spool.append(b"record %d" % number)
        spool.commit(spool.batch(10))
    spool.append(b"the only one")
    found = adopt(die(spool))
    assert everything(found) == [b"the only one"]
    found.close(remove=True)


def test_the_spool_of_a_living_process_is_left_alone(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, CAPACITY)
    spool.append(b"mine")
    assert Spool.adopt(spool.path) is None
    assert everything(spool) == [b"mine"]
    spool.close(remove=True)
    assert Spool.adopt(spool.path) is None, "gone in the meantime"


def test_one_killed_while_it_was_made_is_removed(tmp_path: Path) -> None:
    for name, content in (("a", b""), ("b", bytes(PAGE + CAPACITY))):
        path = tmp_path / f"{name}.spool"
        path.write_bytes(content)
        assert Spool.adopt(path) is None
        assert not path.exists()


def test_something_else_is_refused_and_kept(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, CAPACITY)
    path = die(spool)
    for content in (b"dear diary", path.read_bytes()[:-1]):
        path.write_bytes(content)
        with pytest.raises(DamagedSpool):
            Spool.adopt(path)
        assert path.read_bytes() == content


def test_a_spool_that_never_held_a_record_holds_none(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path)
    path = spool.path
    spool.close(remove=False)
    adopted = Spool.adopt(path)
    assert adopted is not None and adopted.pending == 0
    adopted.close(remove=True)


def test_without_a_disk_a_spool_keeps_what_it_is_given_for_as_long_as_the_process_lives(tmp_path: Path) -> None:
    spool = Spool.in_memory(tmp_path, CAPACITY)
    assert spool.append(b"one") and spool.append(b"two")
    batch = spool.batch(10)
    assert batch.records == [b"one", b"two"]
    spool.commit(batch)
    spool.close(remove=True)
    assert list(tmp_path.iterdir()) == []
