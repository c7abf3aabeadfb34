"""What is printed for people: aligned, also in Chinese, and harmless."""

from __future__ import annotations

import io

from crawdad.app.output import Output, Table, Toned, clean


def test_columns_align_by_width_on_the_terminal() -> None:
    stream = io.StringIO()
    Output(False, stream).show({}, Table(("Name", "State"), [("模型", "ok"), ("longer name", Toned("failed", "red"))]))
    assert stream.getvalue().splitlines() == ["Name         State", "模型         ok", "longer name  failed"]


def test_control_characters_are_replaced() -> None:
    assert clean("a\x1b]52;c;x\x07b\x9b\u202e\n\tc") == "a\ufffd]52;c;x\ufffdb\ufffd\ufffd\n\tc"


def test_machines_get_one_document() -> None:
    stream = io.StringIO()
    Output(True, stream).show({"名": 1}, "for people")
    assert stream.getvalue() == '{\n  "名": 1\n}\n'
