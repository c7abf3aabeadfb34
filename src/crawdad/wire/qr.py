"""QR codes as pictures."""

from __future__ import annotations

import base64
import io
from functools import lru_cache

_PIXELS = 256
_QUIET = 2


def qr_png(text: str) -> bytes:
    """A PNG of about 256 pixels, with a margin of two modules. Raises ValueError for a text that no code can hold."""
    import segno

    code = segno.make_qr(text, error="l")
    scale = max(1, round(_PIXELS / (code.symbol_size(border=_QUIET)[0])))
    picture = io.BytesIO()
    code.save(picture, kind="png", scale=scale, border=_QUIET)
    return picture.getvalue()


@lru_cache(maxsize=16)
def qr_data_uri(text: str) -> str:
    """The same as a `data:` URI. Panels ask for the code of one sign-in every second or two: it is drawn once."""
    return f"data:image/png;base64,{base64.b64encode(qr_png(text)).decode()}"
