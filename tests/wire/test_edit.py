"""The express lane's one edit leaves every other byte alone."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from crawdad.wire.edit import insert_first, replace_member, replace_string

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(max_size=8)
    | st.just("model")
    | st.just('"model": "x"'),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["model", "a", "modelx"]), inner, max_size=3)
    ),
    max_leaves=10,
)


def edit(raw: bytes, value: str) -> bytes:
    return replace_string(raw, orjson.loads(raw), "model", value)


def test_only_the_value_changes() -> None:
    raw = b'{ "stream" : true,\n  "model" :  "old" , "x": {"y": 1.0e0} }'
    assert edit(raw, "new") == b'{ "stream" : true,\n  "model" :  "new" , "x": {"y": 1.0e0} }'


def test_an_unchanged_name_leaves_the_document_alone() -> None:
    raw = b'{"model" : "same", "n": 1.50}'
    assert edit(raw, "same") is raw


def test_nested_names_are_left_alone() -> None:
    raw = b'{"tools":[{"model":"old"}],"model":"old","text":"\\"model\\":\\"old\\""}'
    assert edit(raw, "new") == b'{"tools":[{"model":"old"}],"model":"new","text":"\\"model\\":\\"old\\""}'


def test_a_name_given_twice_is_given_once() -> None:
    for raw in (b'{"model":"a","model":"b"}', b'{"mod\\u0065l":"a","model":"b"}', b'{"model":"a","mod\\u0065l":"b"}'):
        assert orjson.loads(edit(raw, "new")) == {"model": "new"}
        assert edit(raw, "new").count(b"model") == 1
        assert edit(raw, "b").count(b"mod") == 1


@given(
    st.dictionaries(st.sampled_from(["a", "messages", "tools"]), VALUES, max_size=3), st.text(max_size=5), st.booleans()
)
def test_any_document(rest: dict[str, object], value: str, first: bool) -> None:
    document = {"model": "old", **rest} if first else {**rest, "model": "old"}
    raw = orjson.dumps(document)
    assert orjson.loads(edit(raw, value)) == {**document, "model": value}


def test_a_member_is_put_in_front() -> None:
    assert insert_first(b' {"a":1}', b'"b":2') == b' {"b":2,"a":1}'


def test_a_member_takes_anothers_place() -> None:
    raw = b'{ "model" : "old",  "n": 1.50, "x":[1 ,2]}'
    assert (
        replace_member(raw, orjson.loads(raw), "model", "version", "v1") == b'{ "version":"v1",  "n": 1.50, "x":[1 ,2]}'
    )


@given(
    st.dictionaries(st.sampled_from(["a", "version", "tools"]), VALUES, max_size=3), st.text(max_size=5), st.booleans()
)
def test_any_member_takes_anothers_place(rest: dict[str, object], value: str, first: bool) -> None:
    document = {"model": "old", **rest} if first else {**rest, "model": "old"}
    raw = orjson.dumps(document)
    assert orjson.loads(replace_member(raw, document, "model", "version", value)) == {**rest, "version": value}


def test_a_member_named_twice_is_gone() -> None:
    for raw in (b'{"model":1,"model":"b"}', b'{"mod\\u0065l":"a","model":"b"}', b'{"model":"a","version":"x","a":2}'):
        edited = replace_member(raw, orjson.loads(raw), "model", "version", "v")
        assert b"mod" not in edited and orjson.loads(edited)["version"] == "v" and edited.count(b"version") == 1
