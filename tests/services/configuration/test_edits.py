"""Values are set, removed and patched in the text, and the rest of the text stays as it was."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.services.configuration.edits import merge_patch, set_value, unset_value, value_of
from crawdad.services.configuration.json5.document import same
from tests.services.configuration.json5_texts import OBJECTS, texts

SAMPLE = """\
// Crawdad
{
  // the door
  gateway: {
    port: 18789, // the usual one
    bind: 'loopback',
  },

  /* where the models are */
  models: {
    providers: {
      local: { baseUrl: 'http://127.0.0.1:11434/v1', models: ['a', 'b'] },
    },
  },
}
"""


def test_a_value_is_replaced_in_its_place() -> None:
    assert set_value(SAMPLE, ("gateway", "port"), 8045) == SAMPLE.replace("18789", "8045")


def test_a_text_keeps_its_kind_of_quotes() -> None:
    assert set_value(SAMPLE, ("gateway", "bind"), "it's") == SAMPLE.replace("'loopback'", "'it\\'s'")


def test_missing_parents_are_made_in_the_manner_of_the_file() -> None:
    changed = set_value(SAMPLE, ("models", "providers", "deep.seek", "apiKey"), "${DEEPSEEK_API_KEY}")
    added = "      'deep.seek': {\n        apiKey: '${DEEPSEEK_API_KEY}',\n      },\n"
    assert changed == SAMPLE.replace("'b'] },\n", f"'b'] }},\n{added}")


def test_lists_grow_by_one_and_no_more() -> None:
    path = ("models", "providers", "local", "models")
    assert set_value(SAMPLE, (*path, 2), "c") == SAMPLE.replace("'b']", "'b', 'c']")
    assert set_value(SAMPLE, (*path, "0"), "z") == SAMPLE.replace("['a'", "['z'")
    with pytest.raises(GatewayError) as caught:
        set_value(SAMPLE, (*path, 4), "c")
    assert "models.providers.local.models" in caught.value.message("zh")


def test_an_index_makes_a_list() -> None:
    assert value_of(set_value("", ("models", "rules", 0, "match"), "gpt-*")) == {
        "models": {"rules": [{"match": "gpt-*"}]}
    }


def test_a_plain_value_bars_the_way() -> None:
    with pytest.raises(GatewayError) as caught:
        set_value(SAMPLE, ("gateway", "port", "x"), 1)
    assert caught.value.kind is ErrorKind.BAD_REQUEST


def test_a_removed_value_leaves_no_blank_line_and_its_comment() -> None:
    assert unset_value(SAMPLE, ("gateway", "bind")) == SAMPLE.replace("    bind: 'loopback',\n", "")
    assert "// the usual one" in unset_value(SAMPLE, ("gateway", "port"))
    assert "/* where the models are */" in unset_value(SAMPLE, ("models",))


def test_a_list_loses_the_element_meant() -> None:
    text = "[\n  1, // one\n  2, // two\n  3 // three\n]\n"
    whole = f"{{a: {text}}}"
    assert value_of(unset_value(whole, ("a", 1))) == {"a": [1, 3]}
    assert "// one" in unset_value(whole, ("a", 1))
    assert "1, // one" in unset_value(whole, ("a", 1))
    assert "3 // three" in unset_value(whole, ("a", 1))


def test_what_is_not_there_cannot_be_removed() -> None:
    for path in (
        ("gateway", "token"),
        ("nothing",),
        ("gateway", "port", "x"),
        ("models", "providers", "local", "models", 7),
    ):
        with pytest.raises(GatewayError) as caught:
            unset_value(SAMPLE, path)
        assert caught.value.kind is ErrorKind.NOT_FOUND


def test_a_patch_sets_and_removes() -> None:
    changed = merge_patch(SAMPLE, {"gateway": {"bind": None, "port": 1, "auth": {"mode": "none"}}, "language": "zh"})
    assert value_of(changed)["gateway"] == {"port": 1, "auth": {"mode": "none"}}
    assert changed.startswith("// Crawdad\n{\n  // the door\n") and "/* where the models are */" in changed


def test_a_file_of_comments_becomes_a_configuration() -> None:
    assert set_value("// mine", ("gateway", "port"), 1) == '// mine\n{\n  "gateway": {\n    "port": 1\n  }\n}\n'


def test_line_ends_and_one_line_files_keep_their_manner() -> None:
    assert set_value('{\r\n\t"a": 1\r\n}\r\n', ("b",), 2) == '{\r\n\t"a": 1,\r\n\t"b": 2\r\n}\r\n'
    assert set_value('{"a":1}', ("b", "c"), [1]) == '{"a":1, "b": {"c": [1]}}'
    assert unset_value('{"a":1, "b":2}', ("b",)) == '{"a":1}'


@pytest.mark.parametrize("text", ["{a: 1, a: 2}", "{", "[1]", "{a: Infinity}"])
def test_a_text_with_faults_is_not_touched(text: str) -> None:
    with pytest.raises(GatewayError) as caught:
        set_value(text, ("b",), 1)
    assert caught.value.kind is ErrorKind.BAD_REQUEST


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 10**500, "\ud800"])
def test_what_json5_cannot_say_is_refused(value: Any) -> None:
    with pytest.raises(GatewayError):
        set_value(SAMPLE, ("x",), value)


def test_too_deep_a_value_is_refused() -> None:
    value: Any = []
    for _ in range(150):
        value = [value]
    with pytest.raises(GatewayError, match="nested"):
        set_value(SAMPLE, ("x",), value)


def paths_of(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every path in a value, the empty one left out."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in items for found in ((*path, key), *paths_of(item, (*path, key)))]


@given(texts(), st.data())
def test_any_removal_removes_that_and_nothing_else(sample: tuple[str, dict[str, Any]], data: st.DataObject) -> None:
    text, value = sample
    paths = paths_of(value)
    if not paths:
        return
    path = data.draw(st.sampled_from(paths))
    expected = copy.deepcopy(value)
    holder: Any = expected
    for key in path[:-1]:
        holder = holder[key]
    del holder[path[-1]]
    assert same(value_of(unset_value(text, path)), expected)


@given(texts(), OBJECTS)
def test_a_patch_means_what_the_standard_says(sample: tuple[str, dict[str, Any]], patch: dict[str, Any]) -> None:
    def apply(target: Any, change: Any) -> Any:  # RFC 7396, section 2
        if not isinstance(change, dict):
            return change
        target = dict(target) if isinstance(target, dict) else {}
        for name, item in change.items():
            if item is None:
                target.pop(name, None)
            else:
                target[name] = apply(target.get(name), item)
        return target

    text, value = sample
    assert same(value_of(merge_patch(text, patch)), apply(value, patch))
