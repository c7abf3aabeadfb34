"""Paths read as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.core.errors import GatewayError
from crawdad.services.configuration.paths import format_path, parse_path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", ()),
        ("gateway.port", ("gateway", "port")),
        ("models.providers.x.models[0].id", ("models", "providers", "x", "models", 0, "id")),
        ("models.providers.x.models.0.id", ("models", "providers", "x", "models", "0", "id")),
        ('models.providers["my.corp"].apiKey', ("models", "providers", "my.corp", "apiKey")),
        ("models.aliases.gpt-4o:free", ("models", "aliases", "gpt-4o:free")),
        ("$schema", ("$schema",)),
    ],
)
def test_paths_are_read(text: str, path: tuple[str | int, ...]) -> None:
    assert parse_path(text) == path


@pytest.mark.parametrize("text", [".", "a.", ".a", "a..b", "a[", "a[x]", "a]", 'a["b]', "a[0]b", "a[-1]", 'a["\\q"]'])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(GatewayError, match="bad_request"):
        parse_path(text)


@given(st.lists(st.text() | st.integers(0, 999), max_size=5).map(tuple))
def test_a_written_path_reads_back(path: tuple[str | int, ...]) -> None:
    assert parse_path(format_path(path)) == path
