"""Paths and names as people and programs write them, made plain. Pure."""

from __future__ import annotations

import re
import unicodedata

from crawdad.core.errors import GatewayError, bad_request

LONGEST_PATH = 1024
_LONGEST_NAME = 240
"""Bytes; file systems take 255, and what is being written needs room for a name beside it."""
_OURS = ".crawdad-upload-"
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Signs that turn the direction of writing: `exe.txt` can be made to look like `txt.exe`."""
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|\Z)", re.IGNORECASE)
"""Names that mean a device on Windows, with whatever extension."""


def clean_path(text: object) -> str:
    """A path relative to the root, its steps joined by `/`; empty for the root. Raises BAD_REQUEST (`bad_path`) for what is
    absolute, goes up, or is no path."""
    if not isinstance(text, str) or text.startswith(("/", "\\")) or len(text) > LONGEST_PATH:
        raise _bad("path", text)
    steps = [step for step in text.split("/") if step not in ("", ".")]
    if ".." in steps or "\0" in text or any(step.startswith(_OURS) for step in steps) or not _writable(text):
        raise _bad("path", text)
    return "/".join(steps)


def clean_name(text: object) -> str:
    """A name for something new. Raises BAD_REQUEST (`bad_path`) for one that would be no single plain name."""
    if not isinstance(text, str) or safe_name(text) != text:
        raise _bad("name", text)
    return text


def clean_target(path: str) -> str:
    """A path whose last step is a name for something new. Raises BAD_REQUEST."""
    clean_name(path.rpartition("/")[2])
    return path


def safe_name(text: str) -> str:
    """What a file is called that comes under this name: its last step, without what has no business in a name. Raises
    BAD_REQUEST where nothing is left."""
    name = re.split(r"[/\\]", text)[-1]
    name = _TURNING.sub("", "".join("_" if unicodedata.category(sign) in ("Cc", "Cs") else sign for sign in name))
    name = name.strip().rstrip(". ") if name.strip(". ") else ""
    if _DEVICE.match(name) or name.startswith(_OURS):
        name = f"_{name}"
    if not name:
        raise _bad("name", text)
    return _shortened(name)


def joined(folder: str, name: str) -> str:
    """The path of a name in a folder."""
    return f"{folder}/{name}" if folder else name


def parent_of(path: str) -> str | None:
    """The folder that a path lies in; None for the root."""
    return path.rpartition("/")[0] if path else None


def is_within(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or lies in it."""
    return path == folder or path.startswith(f"{folder}/")


def _shortened(name: str) -> str:
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    kept = f"{dot}{extension}" if stem and len(extension.encode()) <= 20 else ""
    whole = (stem if kept else name).encode()
    return whole[: _LONGEST_NAME - len(kept.encode())].decode(errors="ignore") + kept


def _writable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _bad(param: str, text: object) -> GatewayError:
    shown = text.encode(errors="replace").decode()[:100] if isinstance(text, str) else str(text)[:100]
    error = bad_request("panel.files.bad_path", param, path="".join(c if c.isprintable() else "?" for c in shown))
    error.details["code"] = "bad_path"
    return error
