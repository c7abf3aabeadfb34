"""Which conversation a request belongs to."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crawdad.services.accounts.bindings import Bindings
from crawdad.services.accounts.sessions import session_key
from tests.support.services import ManualClock


def key(body: dict[str, Any], told: str | None = None, who: str = "key_1") -> str | None:
    return session_key(who, told, body)


def user(*texts: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text} for text in texts]}


def test_the_first_real_words_of_a_person_name_it() -> None:
    first = key(user("hi", "please refactor the parser"))
    assert first == key(user("please refactor the parser")) == key(user("please refactor the parser", "and more of it"))
    assert first == key({"contents": [{"role": "user", "parts": [{"text": "please refactor the parser"}]}]})
    assert first == key({"input": "please refactor the parser"})
    assert first == key(
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": "please refactor the parser"}]}]}
    )
    reminder = "<system-reminder>today is a long day</system-reminder>"
    assert first == key(user(reminder, "please refactor the parser"))
    assert first != key(user("please refactor the lexer")) != key(user("hi"))


def test_model_and_time_do_not_count_but_who_asks_does() -> None:
    assert key({"model": "a", **user("please refactor the parser")}) == key(
        {"model": "b", **user("please refactor the parser")}
    )
    assert key(user("please refactor the parser"), who="key_2") != key(user("please refactor the parser"))


def test_names_that_clients_give_go_first() -> None:
    body = {**user("please refactor the parser"), "metadata": {"user_id": "user_1_session_x"}}
    assert key(body) == key({**user("something else entirely"), "metadata": {"user_id": "user_1_session_x"}})
    assert key({**body, "metadata": {"user_id": "session-7"}}) == key(user("please refactor the parser"))
    assert key({"prompt_cache_key": "k"}) == key({"prompt_cache_key": "k", "user": "u"}) != key({"user": "u"})
    assert key(body, told="header") == key({}, told="header")
    assert key({}) is None


@given(st.dictionaries(st.sampled_from(["messages", "input", "contents", "prompt", "user", "metadata"]), st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["role", "content", "parts", "text", "user_id"]), inner, max_size=3), max_leaves=12)))  # fmt: skip
def test_no_body_breaks_it(body: dict[str, Any]) -> None:
    key(body)


def test_bindings_are_bounded_and_expire() -> None:
    clock = ManualClock()
    bindings = Bindings(clock)
    assert bindings.bind("s0", "p", "a", 100) and not bindings.bind("s0", "p", "a", 100)
    for number in range(1, 150):
        bindings.bind(f"s{number}", "p", "b", 100)
    assert len(bindings) == 100 and bindings.get("s0", "p", 60) is None and bindings.get("s149", "p", 60) == "b"
    clock.time += 59
    assert bindings.get("s149", "p", 60) == "b"
    clock.time += 59
    assert bindings.get("s149", "p", 60) == "b", "being heard of renews it"
    assert bindings.get("s148", "p", 60) is None
    assert bindings.get("s149", "other", 60) is None
    bindings.clear()
    assert bindings.get("s149", "p", 60) is None
