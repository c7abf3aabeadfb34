"""The files that the web console is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageAsset:
    """A file. `fingerprint` changes whenever the bytes do; `compressed`: the bytes are gzip's."""

    data: bytes
    media_type: str
    fingerprint: str
    compressed: bool = False
