"""Reading what upstreams send."""

from __future__ import annotations

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.wire.fields import parse_upstream


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (rb'{"a":"x\ud83dy"}', "x\ufffdy"),
        (rb'{"a":"\ude00"}', "\ufffd"),
        (rb'{"a":"\ud83d\ud83d\ude00"}', "\ufffd😀"),
        (rb'{"a":"\uD83D\uDE00\uDE00"}', "😀\ufffd"),
        (rb'{"a":"\\ud83d\ud83d"}', "\\ud83d\ufffd"),
        (b"\xef\xbb\xbf" + rb'{"a":"b"}', "b"),
        (b"\xef\xbb\xbf" + rb'{"a":"\ud83d"}', "\ufffd"),
    ],
)
def test_half_a_character_and_a_byte_order_mark_do_no_harm(raw: bytes, text: str) -> None:
    assert parse_upstream(raw) == {"a": text}


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xef\xbb\xbf", rb'{"a":"\ud83d', rb'{"a":"\q"}', b'{"a":NaN}', b'"\xff"', "\ud83d"]
)
def test_what_is_no_json_is_none(raw: bytes | str) -> None:
    with pytest.raises(GatewayError) as caught:
        parse_upstream(raw)
    assert caught.value.kind is ErrorKind.UPSTREAM_BROKEN
