"""Content parts, both ways: what stands in the `content` of a message and in the `output` of a tool result.

A part that was read keeps every field it has no word for in `extra`, under the field's own name, so that it is written
back as it came. `MARKS` are our own notes in `extra`; they never go out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crawdad.core.errors import bad_request
from crawdad.core.parts import (
    CacheMarker,
    JsonObject,
    MediaPart,
    OpaquePart,
    Part,
    RefusalPart,
    TextPart,
)
from crawdad.wire.fields import as_object, get_object, get_string, need_string, rest
from crawdad.wire.openai_responses.annotations import read_annotations, read_logprobs, write_annotation
from crawdad.wire.openai_responses.support import NAME

ITEM = "item"
"""In the `extra` of a message, or of the first part that an assistant's message item holds: the item's other fields."""
AS_STRING = "as_string"
"""The message's content came as a plain string."""
AS_LIST = "as_list"
"""The tool result's output came as a list."""
GENERATED = "image_generation_call"
"""In the `extra` of a media part: the fields of the item whose `result` the part is."""
BARE = "bare_base64"
"""The file's data came without a data URL around it."""
MARKS = frozenset({ITEM, AS_STRING, AS_LIST, GENERATED, BARE})

_TEXT_FIELDS = frozenset({"type", "text"})
_REFUSAL_FIELDS = frozenset({"type", "refusal"})
_IMAGE_FIELDS = frozenset({"type", "image_url", "file_id", "detail", "source"})
_FILE_FIELDS = frozenset({"type", "file_data", "file_url", "file_id", "filename", "detail", "source"})
_AUDIO_FIELDS = frozenset({"type", "input_audio"})

_MEDIA_TYPES = {
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "html": "text/html",
    "json": "application/json",
    "xml": "application/xml",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_EXTENSIONS = {media_type: extension for extension, media_type in _MEDIA_TYPES.items()}


def plain(extra: JsonObject) -> JsonObject:
    """The fields in `extra` that are the protocol's own, as a new object."""
    return {key: value for key, value in extra.items() if key not in MARKS}


# Reading


def read_content(raw: Any, path: str) -> list[Part]:
    """The parts of a content list, or of a plain string. Null holds nothing."""
    if isinstance(raw, str):
        return [TextPart(raw)]
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise bad_request("wire.type", path, expected="a string or an array")
    return [read_part(item, f"{path}[{number}]") for number, item in enumerate(raw)]


def read_part(raw: Any, path: str) -> Part:
    """One content part; a type we have never heard of is kept as it is."""
    if isinstance(raw, str):
        return TextPart(raw)
    source = as_object(raw, path)
    kind = need_string(source, "type", path + ".")
    reader = _READERS.get(kind)
    return OpaquePart(NAME, kind, source) if reader is None else reader(source, path + ".")


def _read_text(source: JsonObject, path: str) -> Part:
    part = TextPart(need_string(source, "text", path), cache=_cache(source), extra=rest(source, _TEXT_FIELDS))
    if source.get("annotations"):
        part.citations = read_annotations(source["annotations"])
    if source.get("logprobs"):
        part.logprobs = read_logprobs(source["logprobs"])
    return part


def _cache(source: JsonObject) -> CacheMarker | None:
    """The breakpoint after a part. Its own lifetimes mean nothing elsewhere, so the longer one is given as `1h`."""
    marker = source.get("prompt_cache_breakpoint")
    if not isinstance(marker, dict):
        return None
    return CacheMarker("1h" if marker.get("ttl") == "12h" else None)


def _read_refusal(source: JsonObject, path: str) -> Part:
    return RefusalPart(need_string(source, "refusal", path), extra=rest(source, _REFUSAL_FIELDS))


def _read_image(source: JsonObject, path: str) -> Part:
    detail = get_string(source, "detail", path)
    wrapped = source.get("image_url")
    if isinstance(wrapped, dict):  # the form of chat completions, which some clients send here
        source = {**source, "image_url": wrapped.get("url")}
        detail = detail or get_string(wrapped, "detail", path + "image_url.")
    url, file_id = get_string(source, "image_url", path), get_string(source, "file_id", path)
    part = MediaPart("image", detail=detail, cache=_cache(source), extra=rest(source, _IMAGE_FIELDS))
    if url is None and file_id is None and source.get("source") is not None:
        _read_source(part, source, path)
        return part
    if url is None and file_id is None:
        raise bad_request("wire.missing", path + "image_url")
    _set_source(part, url, file_id)
    return part


def _read_source(part: MediaPart, holder: JsonObject, path: str) -> None:
    """Where OpenClaw's clients say what a picture or file is: `source`, a URL or data in base64."""
    source = as_object(holder["source"], path + "source")
    path += "source."
    kind = need_string(source, "type", path)
    if kind == "url":
        _set_source(part, need_string(source, "url", path), None)
    elif kind == "base64":
        part.media_type, part.data = need_string(source, "media_type", path), need_string(source, "data", path)
    else:
        raise bad_request("wire.value", path + "type", value=repr(kind[:40]))
    if part.kind == "document":
        part.name = part.name or get_string(source, "filename", path)


def _read_file(source: JsonObject, path: str) -> Part:
    part = MediaPart(
        "document",
        name=get_string(source, "filename", path),
        detail=get_string(source, "detail", path),
        cache=_cache(source),
        extra=rest(source, _FILE_FIELDS),
    )
    data = get_string(source, "file_data", path)
    url, file_id = get_string(source, "file_url", path), get_string(source, "file_id", path)
    if data is None and url is None and file_id is None and source.get("source") is not None:
        _read_source(part, source, path)
        return part
    if data is None and url is None and file_id is None:
        raise bad_request("wire.missing", path + "file_data")
    if data is None or data.startswith("data:"):
        _set_source(part, url if data is None else data, file_id)
    else:
        part.data, part.extra[BARE] = data, True
    if part.data is not None and not part.media_type:
        extension = (part.name or "").rpartition(".")[2].lower()
        part.media_type = _MEDIA_TYPES.get(extension, "application/pdf")
    return part


def _set_source(part: MediaPart, url: str | None, file_id: str | None) -> None:
    parsed = None if url is None else parse_data_url(url)
    if parsed is not None:
        part.media_type, part.data = parsed
    elif url is not None:
        part.url = url
    else:
        part.file_id = file_id


def parse_data_url(url: str) -> tuple[str, str] | None:
    """`(media type, base64 data)` of a data URL, without its parameters; None for any other URL."""
    if not url.startswith("data:"):
        return None
    head, mark, data = url[5:].partition(";base64,")
    return (head.partition(";")[0], data) if mark and "," not in head else None


def _read_audio(source: JsonObject, path: str) -> Part:
    audio = get_object(source, "input_audio", path)
    if audio is None:
        raise bad_request("wire.missing", path + "input_audio")
    path += "input_audio."
    spelled = need_string(audio, "format", path)
    media_type = "audio/mpeg" if spelled == "mp3" else f"audio/{spelled}"
    return MediaPart(
        "audio", need_string(audio, "data", path), media_type=media_type, extra=rest(source, _AUDIO_FIELDS)
    )


_READERS: dict[str, Callable[[JsonObject, str], Part]] = {
    "input_text": _read_text,
    "output_text": _read_text,
    "text": _read_text,
    "refusal": _read_refusal,
    "input_image": _read_image,
    "image_url": _read_image,
    "input_file": _read_file,
    "input_audio": _read_audio,
}


# Writing


def write_input_part(part: Part, own: bool) -> JsonObject | None:
    """A part of a user's message or tool result. `own`: its extra fields are this protocol's. None: it cannot be said."""
    if isinstance(part, TextPart):
        return {"type": "input_text", "text": part.text, **(plain(part.extra) if own else {})}
    if isinstance(part, MediaPart):
        return _write_media(part, own)
    if isinstance(part, RefusalPart):
        return {"type": "input_text", "text": part.text}
    if isinstance(part, OpaquePart):
        if part.protocol == NAME:
            return part.raw
        return None if part.text is None else {"type": "input_text", "text": part.text}
    return None


def write_output_part(part: TextPart | RefusalPart, own: bool) -> JsonObject:
    """A part of an assistant's message in the history."""
    extra = plain(part.extra) if own else {}
    if isinstance(part, RefusalPart):
        return {"type": "refusal", "refusal": part.text, **extra}
    written: JsonObject = {"type": "output_text", "text": part.text, **extra}
    if part.citations and not own:
        written["annotations"] = [write_annotation(citation, part.text) for citation in part.citations]
    return written


def data_url(part: MediaPart, otherwise: str) -> str:
    """The data of `part` as a data URL; `otherwise` is the media type where the part has none."""
    return f"data:{part.media_type or otherwise};base64,{part.data}"


def _write_media(part: MediaPart, own: bool) -> JsonObject | None:
    writer = _MEDIA_WRITERS.get(part.kind)
    written = None if writer is None else writer(part, own)
    if written is not None:
        if part.detail is not None:
            written["detail"] = part.detail
        if own:
            written.update(plain(part.extra))
    return written


def _write_image(part: MediaPart, own: bool) -> JsonObject | None:
    written: JsonObject = {"type": "input_image"} if own else {"type": "input_image", "detail": "auto"}
    if part.file_id is not None:
        written["file_id"] = part.file_id
    else:
        written["image_url"] = data_url(part, "image/png") if part.data is not None else part.url
    return written


def _write_file(part: MediaPart, own: bool) -> JsonObject | None:
    if part.text is not None:
        return {"type": "input_text", "text": f"{part.name}:\n{part.text}" if part.name else part.text}
    written: JsonObject = {"type": "input_file"}
    name = part.name
    if part.file_id is not None:
        written["file_id"] = part.file_id
    elif part.data is None:
        written["file_url"] = part.url
    else:
        written["file_data"] = part.data if BARE in part.extra else data_url(part, "application/pdf")
        if name is None and not own:  # the vendor wants a name beside data
            name = "document." + _EXTENSIONS.get(part.media_type or "", "pdf")
    if name is not None:
        written["filename"] = name
    return written


def _write_audio(part: MediaPart, own: bool) -> JsonObject | None:
    if part.data is None:
        return None
    spelled = (part.media_type or "audio/wav").partition("/")[2]
    spelled = {"mpeg": "mp3", "x-wav": "wav", "wave": "wav"}.get(spelled, spelled)
    return {"type": "input_audio", "input_audio": {"data": part.data, "format": spelled}}


_MEDIA_WRITERS: dict[str, Callable[[MediaPart, bool], JsonObject | None]] = {
    "image": _write_image,
    "document": _write_file,
    "audio": _write_audio,
}
