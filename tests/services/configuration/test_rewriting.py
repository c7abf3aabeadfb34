"""Edits change what they must and nothing else."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crawdad.services.configuration.json5.document import plain, same
from crawdad.services.configuration.json5.parser import parse
from crawdad.services.configuration.json5.rewriting import rewrite
from tests.services.configuration.json5_texts import KEYS, OBJECTS, VALUES, comments, texts


def value_of(text: str) -> Any:
    parsed = parse(text)
    assert parsed.root is not None and not parsed.problems, parsed.problems
    return plain(parsed.root)


@given(texts())
@settings(deadline=None)
def test_every_manner_of_writing_is_read(sample: tuple[str, dict[str, Any]]) -> None:
    text, value = sample
    assert same(value_of(text), value)


@given(texts(), OBJECTS)
@settings(deadline=None)
def test_any_text_can_be_made_to_mean_anything(sample: tuple[str, dict[str, Any]], target: dict[str, Any]) -> None:
    assert same(value_of(rewrite(sample[0], target)), target)


@given(texts(), st.data())
@settings(deadline=None)
def test_setting_keys_keeps_every_comment_outside_what_is_replaced(
    sample: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    text, value = sample
    key = data.draw(st.one_of(KEYS, st.sampled_from(sorted(value))) if value else KEYS)
    target = value | {key: data.draw(VALUES)}
    result = rewrite(text, target)
    assert same(value_of(result), target)
    replaced: list[str] = []
    root = parse(text).root
    assert root is not None
    if (old := root.child(key)) is not None:
        replaced = comments(text[old.start : old.end])
    assert not Counter(comments(text)) - Counter(comments(result)) - Counter(replaced)


@given(texts(), st.data())
@settings(deadline=None)
def test_removing_a_key_keeps_every_comment_outside_its_entry(
    sample: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    text, value = sample
    if not value:
        return
    key = data.draw(st.sampled_from(sorted(value)))
    root = parse(text).root
    assert root is not None and isinstance(root.content, dict)
    member = root.content[key]
    gone = text[member.key.start : member.value.end]
    result = rewrite(text, {name: item for name, item in value.items() if name != key})
    assert not Counter(comments(text)) - Counter(comments(result)) - Counter(comments(gone))


@given(texts())
@settings(max_examples=50, deadline=None)
def test_what_is_already_so_is_left_alone(sample: tuple[str, dict[str, Any]]) -> None:
    text, value = sample
    assert rewrite(text, value) == text


@given(OBJECTS, OBJECTS)
@settings(deadline=None)
def test_plain_json_stays_plain_json(old: dict[str, Any], new: dict[str, Any]) -> None:
    import json

    result = rewrite(json.dumps(old, indent=2, ensure_ascii=False), new)
    assert same(json.loads(result), new)
