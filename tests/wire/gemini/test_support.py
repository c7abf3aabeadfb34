"""The tables are total and agree with what the writer does."""

from __future__ import annotations

from typing import get_args

from crawdad.core.events import StopReason
from crawdad.wire.codec import Codec
from crawdad.wire.features import Feature
from crawdad.wire.gemini import CODEC, GEMINI
from crawdad.wire.gemini.spelling import google_name, own_name
from crawdad.wire.gemini.stops import WRITE


def test_tables_are_total() -> None:
    assert set(GEMINI.support) == set(Feature)
    assert set(WRITE) == set(get_args(StopReason))


def test_it_is_a_codec() -> None:
    codec: Codec = GEMINI
    assert CODEC is codec
    assert CODEC.name == "gemini"


def test_names_are_reversible() -> None:
    for name in ("f", "_f", "a.b:c-d", "1st", "-x", "get weather", "日本", "_cd:x", "a%20b", "_cd:%zz", "x" * 128):
        assert own_name(google_name(name)) == name
