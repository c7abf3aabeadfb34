"""The catalogue of words: key → (English, 简体中文). One module a subject, each with its `MESSAGES`; every module of this
folder is joined here. A key appears once."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

MESSAGES: dict[str, tuple[str, str]] = {}

for _module in iter_modules(__path__):
    for _key, _pair in import_module(f"{__name__}.{_module.name}").MESSAGES.items():
        if _key in MESSAGES:
            raise ValueError(f"catalogue key {_key} stands twice")
        MESSAGES[_key] = _pair
