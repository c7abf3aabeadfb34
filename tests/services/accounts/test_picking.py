"""Picking an account: what must hold whatever the accounts look like, and how the modes differ."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crawdad.core.accounts import Account, SchedulingMode
from crawdad.services.accounts.locks import State
from crawdad.services.accounts.picking import NO_STANDINGS, Standing, Wish, pick, serves

NEVER = {State.LOCKED, State.PROBED, State.PROTECTED, State.SPENT}
MODES: tuple[SchedulingMode, ...] = ("CacheFirst", "Balance", "PerformanceFirst")


def account(name: str, **fields: Any) -> Account:
    return Account(
        **{"id": name, "provider": "p", "kind": "none", "label": name, "secret": None, "created_at": 0.0, **fields}
    )


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Account], dict[str, Standing], Wish]:
    count = draw(st.integers(0, 10))
    accounts, standings = [], {}
    for number in range(count):
        accounts.append(
            account(
                f"a{number}",
                position=draw(st.integers(0, 3)),
                weight=draw(st.sampled_from([0.5, 1.0, 1.0, 3.0])),
                models=draw(st.sampled_from([(), (), ("m",), ("other",), ("m*",)])),
                paused_at=draw(st.sampled_from([None, None, None, 1.0])),
                disabled_at=draw(st.sampled_from([None, None, None, 1.0])),
            )
        )
        if draw(st.booleans()):
            left = draw(st.floats(0, 100))
            standings[f"a{number}"] = Standing(
                draw(st.sampled_from(State)), left, draw(st.integers(0, 100)), draw(st.floats(0, 1))
            )
    accounts.sort(key=lambda one: one.position)
    ids = st.sampled_from([None, *(one.id for one in accounts), "gone"])
    wish = Wish(
        "m", draw(st.sampled_from(MODES)), draw(ids), draw(ids), draw(st.integers(0, 1000)), draw(st.floats(0, 60))
    )
    return accounts, standings, wish


@given(worlds())
def test_nobody_is_chosen_who_may_not_serve(world: tuple[list[Account], dict[str, Standing], Wish]) -> None:
    accounts, standings, wish = world
    choice = pick(accounts, standings, wish)
    assert len({one.id for one in choice.order}) == len(choice.order)
    for number, one in enumerate(choice.order):
        assert one.usable and serves(one, "m")
        state = standings.get(one.id, Standing()).state
        waited_for = number == 0 and choice.wait > 0
        assert state not in NEVER or (waited_for and state in (State.LOCKED, State.PROBED) and one.id == wish.bound)


@given(worlds())
def test_nobody_is_refused_while_one_could_serve(world: tuple[list[Account], dict[str, Standing], Wish]) -> None:
    accounts, standings, wish = world
    choice = pick(accounts, standings, wish)
    able = [one for one in accounts if serves(one, "m")]
    states = {one.id: standings.get(one.id, Standing()).state for one in able}
    could = {name for name, state in states.items() if state in (State.FREE, State.HALF_OPEN, State.RESTING)}
    assert could <= {one.id for one in choice.order}
    if not choice.order:
        waits = [standings[name].left for name, state in states.items() if state in NEVER]
        assert choice.left == (min(waits) if waits else None)
        assert waits or not able


@given(worlds())
def test_a_wait_is_only_for_the_conversations_own_account_and_never_too_long(
    world: tuple[list[Account], dict[str, Standing], Wish],
) -> None:
    accounts, standings, wish = world
    choice = pick(accounts, standings, wish)
    if choice.wait:
        assert (
            wish.mode == "CacheFirst" and choice.order[0].id == wish.bound and choice.wait <= max(wish.max_wait, 0.001)
        )


@given(worlds())
def test_a_conversation_stays_until_its_account_is_limited(
    world: tuple[list[Account], dict[str, Standing], Wish],
) -> None:
    accounts, standings, wish = world
    if wish.mode == "PerformanceFirst" or wish.bound is None or wish.preferred is not None:
        return
    bound = next((one for one in accounts if one.id == wish.bound and serves(one, "m")), None)
    state = standings.get(wish.bound, Standing()).state
    if bound is not None and state in (State.FREE, State.HALF_OPEN):
        assert pick(accounts, standings, wish).order[0] is bound


@given(worlds())
def test_those_that_rest_come_behind_those_that_do_not(world: tuple[list[Account], dict[str, Standing], Wish]) -> None:
    accounts, standings, wish = world
    ranks = {State.FREE: 0, State.HALF_OPEN: 0, State.RESTING: 1, State.REFUSED: 2}
    choice = pick(accounts, standings, wish)
    found = [ranks[standings.get(one.id, Standing()).state] for one in choice.order[1 if choice.wait else 0 :]]
    assert found == sorted(found)


@given(worlds())
def test_smaller_positions_go_first_in_the_modes_with_an_order(
    world: tuple[list[Account], dict[str, Standing], Wish],
) -> None:
    accounts, standings, wish = world
    if wish.mode == "PerformanceFirst" or wish.bound is not None or wish.preferred is not None:
        return
    order = [
        one
        for one in pick(accounts, standings, wish).order
        if standings.get(one.id, Standing()).state in (State.FREE, State.HALF_OPEN)
    ]
    assert [one.position for one in order] == sorted(one.position for one in order)


@given(st.integers(1, 12), st.integers(0, 10_000), st.integers(1, 30))
def test_turns_are_fair(count: int, start: int, rounds: int) -> None:
    accounts = [account(f"a{number}", position=number) for number in range(count)]
    served = Counter(
        pick(accounts, NO_STANDINGS, Wish("m", "PerformanceFirst", turn=start + turn)).order[0].id
        for turn in range(count * rounds)
    )
    assert set(served.values()) == {rounds}


def test_heavier_accounts_come_to_their_turn_more_often() -> None:
    accounts = [account("light"), account("heavy", position=1, weight=3.0)]
    served = Counter(
        pick(accounts, NO_STANDINGS, Wish("m", "PerformanceFirst", turn=turn)).order[0].id for turn in range(4000)
    )
    assert 2.9 < served["heavy"] / served["light"] < 3.1


def test_accounts_of_one_place_are_told_apart_by_quota_then_health_then_turn() -> None:
    accounts = [account("a"), account("b"), account("c", position=1)]
    by_quota = {"a": Standing(quota=20), "b": Standing(quota=80), "c": Standing(quota=100)}
    assert [one.id for one in pick(accounts, by_quota, Wish("m")).order] == ["b", "a", "c"]
    by_health = {"a": Standing(health=0.5), "b": Standing(health=1.0)}
    assert [one.id for one in pick(accounts, by_health, Wish("m")).order] == ["b", "a", "c"]
    assert [pick(accounts, NO_STANDINGS, Wish("m", turn=turn)).order[0].id for turn in range(6)].count("a") == 4


def test_the_modes_differ_when_the_conversations_account_is_limited() -> None:
    accounts = [account("a"), account("b", position=1)]
    standings = {"a": Standing(State.LOCKED, 30.0)}
    waits = pick(accounts, standings, Wish("m", "CacheFirst", "a", max_wait=60))
    assert (waits.order[0].id, waits.wait) == ("a", 30.0)
    assert pick(accounts, standings, Wish("m", "CacheFirst", "a", max_wait=29)).order[0].id == "b"
    assert pick(accounts, standings, Wish("m", "Balance", "a", max_wait=60)).order[0].id == "b"
    assert pick(accounts, NO_STANDINGS, Wish("m", "PerformanceFirst", "a", turn=1)).order[0].id == "b"


def test_a_preferred_account_goes_before_the_conversations_own() -> None:
    accounts = [account("a"), account("b", position=1), account("c", position=2)]
    assert [one.id for one in pick(accounts, NO_STANDINGS, Wish("m", "Balance", "b", "c")).order] == ["c", "a", "b"]
    limited = {"c": Standing(State.LOCKED, 9.0)}
    assert pick(accounts, limited, Wish("m", "Balance", "b", "c")).order[0].id == "b"


def test_a_refused_credential_is_tried_only_when_there_is_nothing_to_wait_for() -> None:
    accounts = [account("a"), account("b", position=1)]
    refused = Standing(State.REFUSED, 50.0)
    assert [one.id for one in pick(accounts, {"a": refused}, Wish("m")).order] == ["b", "a"]
    assert pick(accounts[:1], {"a": refused}, Wish("m")).order[0].id == "a"
    limited = pick(accounts, {"a": refused, "b": Standing(State.LOCKED, 5.0)}, Wish("m"))
    assert (limited.order, limited.left) == ((), 5.0)
