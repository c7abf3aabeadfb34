"""Frames of the long connection."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.wire.feishu.frames import Frame, read_frame, write_frame

numbers = st.integers(min_value=0, max_value=2**64 - 1)
frames = st.builds(
    Frame,
    st.integers(min_value=0, max_value=1),
    st.integers(min_value=-(2**31), max_value=2**31 - 1),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
    st.binary(max_size=300),
    numbers,
    numbers,
    st.text(max_size=3),
    st.text(max_size=3),
    st.text(max_size=3),
)


@given(frames)
def test_what_is_written_is_read(frame: Frame) -> None:
    assert read_frame(write_frame(frame)) == frame


@given(st.binary(max_size=60))
def test_anything_is_a_frame_or_refused(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(read_frame(data), Frame)


def test_bytes_of_another_implementation() -> None:
    """A ping of service 7, as protobuf writes it: zero numbers are written, for they are required fields."""
    data = bytes.fromhex("08001000180720002a0c0a0474797065120470696e67")
    assert write_frame(Frame(0, 7, {"type": "ping"})) == data
    assert read_frame(data) == Frame(0, 7, {"type": "ping"})


@pytest.mark.parametrize("data", [b"\x08", b"\x0a\x05ab", b"\x0b", b"\xff" * 11])
def test_what_is_cut_off_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_frame(data)


def test_fields_of_the_future_are_passed_over() -> None:
    known = write_frame(Frame(1, 7, {"type": "event"}, b"x"))
    assert read_frame(known + b"\x52\x01a" + b"\x58\x05" + b"\x65" + b"0000") == Frame(1, 7, {"type": "event"}, b"x")
