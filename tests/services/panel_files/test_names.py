"""Paths and names: whatever comes in, what goes on is plain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.services.panel_files.cleaning import is_spared
from crawdad.services.panel_files.paths import clean_name, clean_path, is_within, parent_of, safe_name

TRICKY = st.text(st.sampled_from("ab./\\ \0\n\u202e:*~中😀\ud800-CONcon1") | st.characters(), max_size=300)


@given(TRICKY)
def test_a_path_is_plain_or_refused(text: str) -> None:
    try:
        found = clean_path(text)
    except GatewayError as error:
        assert error.kind is ErrorKind.BAD_REQUEST
        return
    steps = found.split("/") if found else []
    assert all(step not in ("", ".", "..") and "\0" not in step for step in steps)
    assert clean_path(found) == found
    assert found.encode().decode() == found


@given(TRICKY)
def test_a_name_is_made_plain_or_refused(text: str) -> None:
    try:
        found = safe_name(text)
    except GatewayError as error:
        assert error.kind is ErrorKind.BAD_REQUEST
        return
    assert found not in ("", ".", "..")
    assert not set(found) & set("/\\\0\n\u202e")
    assert 0 < len(found.encode()) <= 241
    assert safe_name(found) == found
    assert clean_name(found) == found


@pytest.mark.parametrize(
    ("path", "folder", "within"), [("a/b", "a", True), ("a", "a", True), ("ab", "a", False), ("a", "a/b", False)]
)
def test_what_lies_within(path: str, folder: str, within: bool) -> None:
    assert is_within(path, folder) is within


def test_the_folder_above() -> None:
    assert [parent_of(path) for path in ("", "a", "a/b")] == [None, "", "a"]


@pytest.mark.parametrize(
    ("name", "spared"),
    [("a.md", True), ("SOUL.md", True), ("KEEP", True), ("KEEP2", False), ("a.mdx", False), ("b[1]", False)],
)
def test_patterns_are_names_and_endings(name: str, spared: bool) -> None:
    assert is_spared(name, ["*.md", "KEEP", "b[1-9]"]) is spared
