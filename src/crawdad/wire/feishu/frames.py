"""Frames of the long connection: one protobuf message, few enough fields to be written by hand.

1 SeqID, 2 LogID, 3 service, 4 method (0 control, 1 data), 5 headers (1 key, 2 value), 6 payload_encoding, 7 payload_type,
8 payload, 9 LogIDNew.
"""

from __future__ import annotations

from dataclasses import dataclass, field

CONTROL = 0
DATA = 1
_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame."""

    method: int
    service: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    payload: bytes = b""
    sequence: int = 0
    log: int = 0
    payload_encoding: str = ""
    payload_type: str = ""
    log_new: str = ""


def write_frame(frame: Frame) -> bytes:
    """The frame's bytes."""
    out = bytearray()
    for number, value in ((1, frame.sequence), (2, frame.log), (3, frame.service), (4, frame.method)):
        out += _varint(number << 3) + _varint(value & _MASK)
    for key, text in frame.headers.items():
        inner = _text(1, key) + _text(2, text)
        out += _varint(5 << 3 | 2) + _varint(len(inner)) + inner
    if frame.payload_encoding:
        out += _text(6, frame.payload_encoding)
    if frame.payload_type:
        out += _text(7, frame.payload_type)
    if frame.payload:
        out += _varint(8 << 3 | 2) + _varint(len(frame.payload)) + frame.payload
    if frame.log_new:
        out += _text(9, frame.log_new)
    return bytes(out)


def read_frame(data: bytes) -> Frame:
    """The frame in these bytes; fields that are not known are passed over. Raises `ValueError` for what is none."""
    numbers: dict[int, int] = {}
    texts: dict[int, bytes] = {}
    headers: dict[str, str] = {}
    for number, value in _fields(data):
        if isinstance(value, int):
            numbers[number] = value
        elif number == 5:
            inner = {key: text for key, text in _fields(value) if isinstance(text, bytes)}
            headers[inner.get(1, b"").decode()] = inner.get(2, b"").decode()
        else:
            texts[number] = value
    return Frame(
        numbers.get(4, 0),
        _signed(numbers.get(3, 0)),
        headers,
        texts.get(8, b""),
        numbers.get(1, 0),
        numbers.get(2, 0),
        texts.get(6, b"").decode(),
        texts.get(7, b"").decode(),
        texts.get(9, b"").decode(),
    )


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _varint(value: int) -> bytes:
    out = bytearray()
    while True:
        low, value = value & 0x7F, value >> 7
        if not value:
            out.append(low)
            return bytes(out)
        out.append(low | 0x80)


def _text(number: int, text: str) -> bytes:
    data = text.encode()
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _fields(data: bytes) -> list[tuple[int, int | bytes]]:
    found: list[tuple[int, int | bytes]] = []
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = _read_varint(data, at)
            found.append((tag >> 3, value))
            continue
        if kind == 2:
            size, at = _read_varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError(f"wire type {kind}")
        if at + size > len(data):
            raise ValueError("cut off")
        if kind == 2:
            found.append((tag >> 3, data[at : at + size]))
        at += size
    return found


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("a number without an end")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value & _MASK, at
        shift += 7
