"""How Google spells things: camelCase beside snake_case, media types, function names, bytes of JSON."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

from crawdad.core.errors import bad_request
from crawdad.core.parts import JsonObject, MediaKind
from crawdad.wire.fields import unreadable

NAME = "gemini"
"""The protocol's name."""


def camel(key: str) -> str:
    """`file_uri` as `fileUri`; a name without inner underscores stays as it is."""
    head, *words = key.split("_")
    if not head or not words:
        return key
    return head + "".join(word[:1].upper() + word[1:] for word in words)


def camel_fields(source: JsonObject) -> JsonObject:
    """`source` with camelCase names on its first level, as Google's JSON parser accepts both; where both are given the
    camelCase one counts. The result may be `source` itself."""
    if not any("_" in key for key in source):
        return source
    result: JsonObject = {}
    for key, value in source.items():
        name = camel(key)
        if name == key or name not in source:
            result[name] = value
    return result


def media_kind(media_type: str) -> MediaKind:
    """What a MIME type is, in the vocabulary's words."""
    family = media_type.partition("/")[0].lower()
    if family == "image":
        return "image"
    if family == "audio":
        return "audio"
    return "video" if family == "video" else "document"


_BY_SUFFIX = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "heic": "image/heic",
    "heif": "image/heif",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "html": "text/html",
    "csv": "text/csv",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "aac": "audio/aac",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mov": "video/quicktime",
}
_BY_KIND: dict[MediaKind, str] = {
    "image": "image/jpeg",
    "document": "application/pdf",
    "audio": "audio/mpeg",
    "video": "video/mp4",
}


def guess_media_type(kind: MediaKind, url: str | None = None) -> str:
    """Google wants a MIME type with every file; where the client named none, the URL's suffix or the kind tells one."""
    path = urlsplit(url[:2000]).path if url and url.startswith(("http://", "https://", "gs://")) else ""
    return _BY_SUFFIX.get(path.rpartition(".")[2].lower(), _BY_KIND[kind])


MAX_NAME = 128
_LEGAL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]*\Z")
_ESCAPED = "_cd:"
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")


def google_name(name: str) -> str:
    """A function name as Google takes it. Most names pass unchanged.

    A name with other characters, or a first one that is neither letter nor underscore, becomes `_cd:` and the name with
    each foreign character as `:hh` (hex of its UTF-8 bytes), which `own_name` undoes from the name alone. Raises
    BAD_REQUEST where the result is longer than Google allows.
    """
    if not _LEGAL_NAME.match(name) or name.startswith(_ESCAPED):
        pieces = (c if c in _PLAIN else "".join(f":{b:02x}" for b in c.encode("utf-8", "replace")) for c in name)
        escaped = _ESCAPED + "".join(pieces)
    else:
        escaped = name
    if len(escaped) > MAX_NAME or not name:
        raise bad_request("wire.tool_name", "tools", name=name[:MAX_NAME])
    return escaped


def own_name(name: str) -> str:
    """The name that `google_name` was given."""
    if not name.startswith(_ESCAPED):
        return name
    return unquote(name[len(_ESCAPED) :].replace("%", "%25").replace(":", "%"))


def to_text(value: Any) -> str:
    """Part of a client's request as JSON text. Raises BAD_REQUEST where it is nested too deeply."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        raise bad_request("wire.too_deep") from None


def to_json(value: Any) -> bytes:
    """Part of an answer as JSON. Raises UPSTREAM_BROKEN where an upstream nested it too deeply."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        raise unreadable(str(error)) from None
