"""Content-Encoding of answers: gzip and deflate, unpacked in pieces of bounded size, so that whoever reads can stop."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

_PIECE = 256 * 1024
_GZIP = 31
_ZLIB = 15
_RAW = -15
_GZIP_MAGIC = b"\x1f\x8b"
_NOT_ASKED_FOR = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz"})


class Decoder:
    """Unpacks one body. Raises `ValueError` for what is not packed as it says."""

    __slots__ = ("_gzip", "_unpack")

    def __init__(self, encoding: str) -> None:
        self._gzip = encoding != "deflate"
        self._unpack: zlib._Decompress | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What `data` unpacks to, in pieces."""
        try:
            while data:
                if self._unpack is None:
                    self._unpack = zlib.decompressobj(self._window(data))
                unpack = self._unpack
                piece = unpack.decompress(data, _PIECE)
                if piece:
                    yield piece
                data = unpack.unconsumed_tail
                if unpack.eof:
                    # gzip may go on with another member; anything else after the end is padding
                    data = unpack.unused_data
                    if not self._gzip or not data.startswith(_GZIP_MAGIC[: len(data)]):
                        return
                    self._unpack = zlib.decompressobj(_GZIP) if data else unpack
        except zlib.error as error:
            raise ValueError(f"the answer is not packed as it says: {error}") from None

    def _window(self, data: bytes) -> int:
        if self._gzip:
            return _GZIP
        return _ZLIB if data[0] & 0x0F == 8 else _RAW  # `deflate` without the zlib frame is wrong, and common

    def close(self) -> None:
        """The body is over."""
        if self._unpack is not None and not self._unpack.eof:
            raise ValueError("the packed answer is cut short")


def decoder_for(encoding: str | None) -> Decoder | None:
    """The decoder for a Content-Encoding; None where there is nothing to unpack. Raises `ValueError` for what we did not
    offer to take. Words that are no encoding at all (some servers put a character set there) count as none."""
    if not encoding:
        return None
    found = [word for part in encoding.split(",") if (word := part.strip().lower()) and word != "identity"]
    if len(found) > 1 or (found and found[0] in _NOT_ASKED_FOR):
        raise ValueError(f"the answer's Content-Encoding '{encoding[:40]}' was not asked for")
    if not found or found[0] not in ("gzip", "x-gzip", "deflate"):
        return None
    return Decoder(found[0])
