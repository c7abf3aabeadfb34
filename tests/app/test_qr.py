"""QR codes for a terminal."""

from __future__ import annotations

import segno

from crawdad.app.qr import qr_rows


def test_the_rows_hold_the_modules_of_the_code() -> None:
    text = "https://liteapp.weixin.qq.com/q/7GiQu1?qrcode=abc&bot_type=3"
    rows = qr_rows(text)
    halves = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), " ": (0, 0)}
    lines: list[list[int]] = []
    for row in rows:
        pairs = [halves[character] for character in row]
        lines += [[upper for upper, _ in pairs], [lower for _, lower in pairs]]
    expected = [[0 if dark else 1 for dark in row] for row in segno.make_qr(text, error="l").matrix_iter(border=2)]
    assert lines[: len(expected)] == expected
    assert all(not any(line) for line in lines[len(expected) :])
    assert set(rows[0]) == {"█"}, "a quiet zone stands around it"
