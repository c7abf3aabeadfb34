"""The reader takes all of JSON5, and says what is wrong and where."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.core.text import LANGUAGES
from crawdad.services.configuration.json5.document import plain
from crawdad.services.configuration.json5.parser import MAXIMUM_CHARACTERS, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{}", {}),
        ("\ufeff{}", {}),
        ("// c\n{/* c */}", {}),
        (
            "{a: 1, 'b': 2, \"c\": 3, $d_1: 4, 钥匙: 5, \\u0061b: 6}",
            {"a": 1, "b": 2, "c": 3, "$d_1": 4, "钥匙": 5, "ab": 6},
        ),
        ("{a: [1, 2,], b: {c: 1,},}", {"a": [1, 2], "b": {"c": 1}}),
        ("[0x1F, -0xa, +1, -1, .5, 5., 1e3, -1.5E-2, 0]", [31, -10, 1, -1, 0.5, 5.0, 1000.0, -0.015, 0]),
        ("'it\\'s \"so\"'", 'it\'s "so"'),
        ('"a\\\nb\\\r\nc\\\u2028d"', "abcd"),
        (r'"\b\f\n\r\t\v\0\x41\u0042\/\q\\"', "\b\f\n\r\t\v\0AB/q\\"),
        (r'"\ud83d\ude00"', "😀"),
        ('"\u2028tab\there"', "\u2028tab\there"),
        ("[true, false, null]", [True, False, None]),
        ("\u00a0\u3000[\t1\v,\f2\r]", [1, 2]),
        ('{"__proto__": 1, "constructor": 2}', {"__proto__": 1, "constructor": 2}),
    ],
)
def test_json5_is_read(text: str, value: Any) -> None:
    parsed = parse(text)
    assert parsed.root is not None
    assert (plain(parsed.root), parsed.problems) == (value, [])


@pytest.mark.parametrize(
    ("text", "key", "line", "column"),
    [
        ("", "empty", 1, 1),
        ("// nothing\n", "empty", 1, 1),
        ("{\n  port: 1\n  bind: 2\n}", "comma", 3, 3),
        ("{\n  port 1\n}", "colon", 2, 8),
        ("{\n  key: sk-abc\n}", "value", 2, 8),
        ("{\n  key: 'abc\n}", "open_string", 2, 8),
        ("{\n  a: {\n", "unclosed", 2, 6),
        ("{ a: [1, 2 }", "comma", 1, 12),
        ("{} }", "after_end", 1, 4),
        ("{ /* a }", "open_comment", 1, 3),
        ("{ a: }", "value", 1, 6),
        ("{ a:", "missing_value", 1, 5),
        ("{ a-b: 1 }", "colon", 1, 4),
        ("{ , }", "key", 1, 3),
        ("[1,,2]", "value", 1, 4),
        ("[012]", "value", 1, 2),
        ("[1_000]", "value", 1, 2),
        (r'"\u12"', "escape", 1, 2),
        (r'"\ud800"', "escape", 1, 2),
        (r'"\1"', "escape", 1, 2),
        ("\r\n\r\n[Infinity]", "meaningless", 3, 2),
        ("[-NaN]", "meaningless", 1, 2),
        ("[1e999]", "huge", 1, 2),
        ("[" + "9" * 5000 + "]", "huge", 1, 2),
        ("[" * 200, "too_deep", 1, 101),
        (" " * (MAXIMUM_CHARACTERS + 1), "too_long", 1, 1),
    ],
)
def test_a_fault_is_placed(text: str, key: str, line: int, column: int) -> None:
    (problem,) = parse(text, "openclaw.json").problems
    assert (problem.message.key, problem.line, problem.column) == (f"configuration.syntax.{key}", line, column)
    assert problem.is_error and problem.file == "openclaw.json"


def test_a_key_that_stands_twice_is_an_error_naming_both_lines() -> None:
    parsed = parse('{\n gateway: {\n  port: 1,\n  bind: "lan",\n  "port": 2\n }\n}')
    (problem,) = parsed.problems
    assert problem.path == "gateway.port"
    assert (problem.line, problem.column) == (5, 3)
    assert "line 3 and on line 5" in problem.message.render("en")
    assert "第 3 行和第 5 行" in problem.message.render("zh")


def test_many_faults_are_reported_together_but_not_without_end() -> None:
    parsed = parse("{a: NaN, b: 1e999, a: Infinity}")
    assert [p.message.key.rpartition(".")[2] for p in parsed.problems] == [
        "meaningless",
        "huge",
        "twice",
        "meaningless",
    ]
    assert len(parse("{" + "a: 1," * 1000 + "}").problems) == 100


@given(st.text())
def test_any_text_parses_or_has_problems(text: str) -> None:
    parsed = parse(text)
    assert (parsed.root is None) <= bool(parsed.problems)
    for problem in parsed.problems:
        assert all(problem.describe(language) for language in LANGUAGES)


@given(
    st.lists(
        st.sampled_from(["{", "}", "[", "]", ":", ",", "'", '"', "\\", "/*", "*/", "//", "\n", "a", "1", "-", "."])
    )
)
def test_any_heap_of_tokens_parses_or_has_problems(tokens: list[str]) -> None:
    parsed = parse("".join(tokens))
    assert (parsed.root is None) <= bool(parsed.problems)


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(), st.lists, max_leaves=20))
def test_json_means_what_it_means_to_everybody(value: Any) -> None:
    parsed = parse(json.dumps(value))
    assert parsed.root is not None
    assert plain(parsed.root) == value


@pytest.mark.parametrize(
    "piece", ["/*", "//", '"\\', "'a", "[", "{a:", "\\u0061", "1.", " \n", "{a:1},", "a" * 50 + "$"]
)
def test_hostile_texts_take_no_more_than_linear_time(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    started = time.process_time()
    parse(text)
    assert time.process_time() - started < 5  # a bound on kind, not on speed: quadratic would take minutes
