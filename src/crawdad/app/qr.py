"""QR codes for a terminal: two rows of modules in a line of half blocks, light on dark."""

from __future__ import annotations

_QUIET = 2
_BLOCKS = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}


def qr_rows(text: str) -> list[str]:
    """The lines that show a text as a QR code."""
    import segno

    modules = [
        [not dark for dark in row]  # light modules are drawn, dark ones are the terminal's own ground
        for row in segno.make_qr(text, error="l").matrix_iter(border=_QUIET)
    ]
    if len(modules) % 2:
        modules.append([False] * len(modules[0]))
    return [
        "".join(_BLOCKS[upper, lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(modules[::2], modules[1::2], strict=True)
    ]
