"""Content parts other than text: images, files, audio and video, both ways."""

from __future__ import annotations

from typing import Any

from crawdad.core.errors import bad_request
from crawdad.core.parts import JsonObject, MediaKind, MediaPart
from crawdad.wire.fields import get_string, need_string, rest, wrong_type
from crawdad.wire.profile import Profile

_AUDIO_FORMATS = {"audio/mpeg": "mp3", "audio/x-wav": "wav", "audio/wave": "wav", "audio/vnd.wave": "wav"}
_URL_KINDS: dict[str, MediaKind] = {
    "image_url": "image",
    "document_url": "document",
    "audio_url": "audio",
    "video_url": "video",
}
MEDIA_TYPES = frozenset({*_URL_KINDS, "input_audio", "file"})


def read_data_url(url: str) -> tuple[str | None, str] | None:
    """`(media type, base64 data)` of a base64 data URL, None for any other URL."""
    if url[:5].lower() != "data:":
        return None
    head, comma, data = url.partition(",")
    if not comma or not head.lower().endswith(";base64"):
        return None
    media_type = head[5:].partition(";")[0]
    return media_type or None, data


def data_url(part: MediaPart, default: str) -> str:
    """The URL of a part: its own, or its data as a data URL."""
    if part.url is not None:
        return part.url
    return f"data:{part.media_type or default};base64,{part.data or ''}"


def read_media(raw: JsonObject, path: str) -> MediaPart:
    """A content part whose type is in `MEDIA_TYPES`. Raises BAD_REQUEST naming the field at fault."""
    kind = raw["type"]
    if kind == "input_audio":
        return _read_audio(raw, path)
    if kind == "file":
        return _read_file(raw, path)
    inner = raw.get(kind)
    extra = rest(raw, frozenset({"type", kind, "cache_control"}))
    if isinstance(inner, str):
        url, detail = inner, None
    elif isinstance(inner, dict):
        url, detail = need_string(inner, "url", f"{path}.{kind}."), get_string(inner, "detail", f"{path}.{kind}.")
        if unknown := rest(inner, frozenset({"url", "detail"})):
            extra[kind] = unknown
    else:
        raise bad_request("wire.missing", f"{path}.{kind}")
    part = MediaPart(_URL_KINDS[kind], detail=detail, extra=extra)
    inline = read_data_url(url)
    if inline is None:
        part.url = url
    else:
        part.media_type, part.data = inline
    return part


def _read_audio(raw: JsonObject, path: str) -> MediaPart:
    inner = raw.get("input_audio")
    if not isinstance(inner, dict):
        raise wrong_type(f"{path}.input_audio", "an object")
    data = need_string(inner, "data", f"{path}.input_audio.")
    form = get_string(inner, "format", f"{path}.input_audio.")
    inline = read_data_url(data)  # DashScope takes a data URL here
    media_type = f"audio/{form}" if form else None
    extra = rest(raw, frozenset({"type", "input_audio", "cache_control"}))
    if inline is not None:
        return MediaPart("audio", data=inline[1], media_type=media_type or inline[0], extra=extra)
    return MediaPart("audio", data=data, media_type=media_type, extra=extra)


def _read_file(raw: JsonObject, path: str) -> MediaPart:
    inner = raw.get("file")
    if not isinstance(inner, dict):
        raise wrong_type(f"{path}.file", "an object")
    here = f"{path}.file."
    data, file_id = get_string(inner, "file_data", here), get_string(inner, "file_id", here)
    part = MediaPart("document", name=get_string(inner, "filename", here), file_id=file_id)
    part.extra = rest(raw, frozenset({"type", "file", "cache_control"}))
    if unknown := rest(inner, frozenset({"file_data", "file_id", "filename"})):
        part.extra["file"] = unknown
    if file_id is not None:
        return part
    if data is None:
        raise bad_request("wire.missing", here + "file_data")
    inline = read_data_url(data)
    if inline is not None:
        part.media_type, part.data = inline
    elif data.startswith(("https://", "http://")):  # OpenRouter
        part.url = data
    else:
        part.data = data
    return part


def write_media(part: MediaPart, profile: Profile) -> JsonObject:
    """`part` as a content part. What `support_for` refuses is not asked here."""
    if part.kind == "image":
        return _with_url("image_url", data_url(part, "image/png"), part.detail)
    if part.kind == "video":
        return _with_url("video_url", data_url(part, "video/mp4"), None)
    if part.kind == "audio":
        if part.url is not None:
            return _with_url("audio_url", part.url, None)
        media_type = (part.media_type or "audio/wav").lower()
        form = _AUDIO_FORMATS.get(media_type, media_type.rpartition("/")[2])
        return {"type": "input_audio", "input_audio": {"data": part.data or "", "format": form}}
    if part.text is not None:
        return {"type": "text", "text": f"{part.name}\n\n{part.text}" if part.name else part.text}
    return _write_document(part, profile)


def _with_url(kind: str, url: str, detail: str | None) -> JsonObject:
    return {"type": kind, kind: {"url": url} if detail is None else {"url": url, "detail": detail}}


def _write_document(part: MediaPart, profile: Profile) -> JsonObject:
    if part.file_id is not None:
        inner: dict[str, Any] = {"file_id": part.file_id}
        return {"type": "file", "file": inner if part.name is None else {**inner, "filename": part.name}}
    url = data_url(part, "application/pdf")
    if profile.document_urls == "document_url":
        return {"type": "document_url", "document_url": url}
    return {"type": "file", "file": {"filename": part.name or "document.pdf", "file_data": url}}
