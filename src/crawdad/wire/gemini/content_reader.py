"""Google's contents -> messages.

https://ai.google.dev/api/caching#Content. One Content may mix function responses with other parts; the vocabulary keeps
tool results in messages of their own, so such a Content becomes several messages, all but the first marked with
`extra["continues"]`. Ids: older Gemini calls functions without ids; those calls get `call_<n>` and keep the absent id in
`extra["id"]`, and results find their call by id, else by name and order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from crawdad.core.errors import bad_request
from crawdad.core.parts import (
    JsonObject,
    MediaPart,
    Message,
    OpaquePart,
    Part,
    Role,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from crawdad.wire.fields import as_object, get_list, get_object, get_string, need_string, rest, wrong_type
from crawdad.wire.gemini.spelling import NAME, camel_fields, guess_media_type, media_kind, to_text
from crawdad.wire.gemini.thought_seals import open_call, open_thought

_ROLES: dict[str, Role] = {
    "user": "user",
    "model": "assistant",
    "assistant": "assistant",
    "function": "user",
    "tool": "user",
    "system": "system",
}
_TEXT_FIELDS = frozenset({"text", "thought", "thoughtSignature"})
_CALL_FIELDS = frozenset({"id", "name", "args"})
_RESULT_FIELDS = frozenset({"id", "name", "response", "parts"})
_BLOB_FIELDS = frozenset({"mimeType", "data", "displayName"})
_FILE_FIELDS = frozenset({"mimeType", "fileUri", "displayName"})
_RESULT_KEYS = frozenset({"output", "result", "error"})


class _Calls:
    """The calls of one conversation that still wait for their results."""

    def __init__(self) -> None:
        self._waiting: dict[str, None] = {}
        self._by_name: dict[str, deque[str]] = {}
        self._made: set[str] = set()
        self._count = 0

    def add(self, call_id: str | None, name: str) -> str:
        """Note a call; gives its id, a made one where the client sent none."""
        if not call_id:
            call_id = f"call_{self._count}"
            self._count += 1
            self._made.add(call_id)
        self._waiting[call_id] = None
        self._by_name.setdefault(name, deque()).append(call_id)
        return call_id

    def match(self, call_id: str | None, name: str) -> str:
        """The id of the call that a result with this id and name answers."""
        if call_id is not None and call_id in self._waiting:
            del self._waiting[call_id]
            return call_id
        queue = self._by_name.get(name, deque())
        while queue and queue[0] not in self._waiting:
            queue.popleft()
        if queue and (not call_id or queue[0] in self._made):
            found = queue.popleft()
        elif call_id:
            return call_id
        elif self._waiting:
            found = next(iter(self._waiting))
        else:
            return self.add(None, name)
        del self._waiting[found]
        return found


class ContentReader:
    """Reads the turns of one request; one reader a request, because results look back for their calls."""

    def __init__(self) -> None:
        self._calls = _Calls()
        self._thoughts: set[tuple[str | None, str | None]] = set()

    def read(self, value: Any, path: str = "contents") -> list[Message]:
        """The messages of `contents`: a list of Content objects; one alone, a bare part and a string are understood too."""
        if value is None:
            raise bad_request("wire.missing", path)
        if not isinstance(value, list):
            return self._content(value, path)
        return [message for i, item in enumerate(value) for message in self._content(item, f"{path}[{i}]")]

    def read_system(self, value: Any, path: str = "systemInstruction") -> Message:
        """The system message of `systemInstruction`: a Content, its parts, one part or a string."""
        extra: JsonObject = {"top_level": True}
        if isinstance(value, dict):
            source = camel_fields(value)
            if "parts" in source:
                extra |= rest(source, frozenset({"parts"}))
                value = source["parts"]
                path += ".parts"
        return Message("system", self._parts(value, path), extra=extra)

    def _content(self, value: Any, path: str) -> list[Message]:
        if isinstance(value, str):
            return [Message("user", [TextPart(value)])]
        source = camel_fields(as_object(value, path))
        if "parts" not in source and "role" not in source:
            return _split("user", self._parts(value, path), {})
        spoken = get_string(source, "role", path + ".") or "user"
        role = _ROLES.get(spoken)
        if role is None:
            raise bad_request("wire.value", f"{path}.role", value=spoken[:100])
        extra = rest(source, frozenset({"role", "parts"}))
        if spoken not in ("user", "model"):
            extra["role"] = spoken
        return _split(role, self._parts(source.get("parts"), f"{path}.parts"), extra)

    def _parts(self, value: Any, path: str) -> list[Part]:
        parts: list[Part] = []
        if value is None:
            return parts
        if not isinstance(value, list):
            self._part(value, path, parts)
            return parts
        for i, item in enumerate(value):
            self._part(item, f"{path}[{i}]", parts)
        return parts

    def _part(self, value: Any, path: str, parts: list[Part]) -> None:
        if isinstance(value, str):
            parts.append(TextPart(value))
            return
        source = camel_fields(as_object(value, path))
        data = [key for key, content in source.items() if key in _READERS and content is not None]
        if data:
            key = data[-1] if data[0] == "text" and not source["text"] else data[0]  # an empty text beside a call
            _READERS[key](self, source, path, parts)
            return
        if "thoughtSignature" in source and source.keys() <= _TEXT_FIELDS:
            self._text({**source, "text": ""}, path, parts)
            return
        kind = next((key for key in source if key not in ("thought", "thoughtSignature")), "part")
        parts.append(OpaquePart(NAME, kind, value))

    def _text(self, source: JsonObject, path: str, parts: list[Part]) -> None:
        text = need_string(source, "text", path + ".")
        signature = get_string(source, "thoughtSignature", path + ".")
        extra = rest(source, _TEXT_FIELDS)
        if source.get("thought") is not True:
            parts.append(TextPart(text, signature=signature, extra=extra))
            return
        part = open_thought(signature, text)
        if part is None:
            part = ThinkingPart(text, signature=signature, summary=True, origin=NAME)
        else:
            self._thoughts.add((part.signature, part.encrypted))
            if not part.text and not part.redacted:
                part.text = _take_pieces(parts)
        part.extra = extra
        parts.append(part)

    def _blob(self, source: JsonObject, path: str, parts: list[Part]) -> None:
        if source.get("thought") is True:  # a picture from the middle of thinking is not part of the answer
            parts.append(OpaquePart(NAME, "thought", source))
            return
        where = path + ".inlineData"
        blob = camel_fields(as_object(source["inlineData"], where))
        media_type = get_string(blob, "mimeType", where + ".") or "application/octet-stream"
        part = MediaPart(media_kind(media_type), data=need_string(blob, "data", where + "."), media_type=media_type)
        _finish_media(part, blob, _BLOB_FIELDS, source, where)
        parts.append(part)

    def _file(self, source: JsonObject, path: str, parts: list[Part]) -> None:
        where = path + ".fileData"
        file = camel_fields(as_object(source["fileData"], where))
        uri = need_string(file, "fileUri", where + ".")
        media_type = get_string(file, "mimeType", where + ".")
        kind = media_kind(media_type or guess_media_type("document", uri))
        # Files uploaded to Google can be read by Google alone, whatever their address looks like.
        public = uri.startswith(("http://", "https://")) and "generativelanguage.googleapis.com/" not in uri
        part = MediaPart(kind, media_type=media_type)
        if public:
            part.url = uri
        else:
            part.file_id = uri
        _finish_media(part, file, _FILE_FIELDS, source, where)
        parts.append(part)

    def _call(self, source: JsonObject, path: str, parts: list[Part]) -> None:
        where = path + ".functionCall"
        call = camel_fields(as_object(source["functionCall"], where))
        name = need_string(call, "name", where + ".")
        sent_id = get_string(call, "id", where + ".")
        arguments = get_object(call, "args", where + ".")
        signature = get_string(source, "thoughtSignature", path + ".")
        call_id = self._calls.add(sent_id, name)
        part = ToolCallPart(call_id, name, "" if arguments is None else to_text(arguments))
        for thought in open_call(part, signature):
            if (thought.signature, thought.encrypted) not in self._thoughts:
                self._thoughts.add((thought.signature, thought.encrypted))
                parts.append(thought)
        part.extra = rest(call, _CALL_FIELDS)
        _keep_outer(part.extra, source, "functionCall")
        if call_id != sent_id:
            part.extra["id"] = sent_id
        parts.append(part)

    def _result(self, source: JsonObject, path: str, parts: list[Part]) -> None:
        where = path + ".functionResponse"
        result = camel_fields(as_object(source["functionResponse"], where))
        name = get_string(result, "name", where + ".")
        sent_id = get_string(result, "id", where + ".")
        call_id = self._calls.match(sent_id, name or "")
        part = ToolResultPart(call_id, name=name, extra=rest(result, _RESULT_FIELDS))
        _read_answer(part, result.get("response"))
        for i, item in enumerate(get_list(result, "parts", where + ".") or ()):
            self._result_media(item, f"{where}.parts[{i}]", part.content)
        _keep_outer(part.extra, source, "functionResponse")
        if call_id != sent_id:
            part.extra["id"] = sent_id
        parts.append(part)

    def _result_media(self, value: Any, path: str, parts: list[Part]) -> None:
        source = camel_fields(as_object(value, path))
        if source.get("inlineData") is not None:
            self._blob(source, path, parts)
        elif source.get("fileData") is not None:
            self._file(source, path, parts)
        else:
            parts.append(OpaquePart(NAME, next(iter(source), "part"), value))


_READERS: dict[str, Callable[[ContentReader, JsonObject, str, list[Part]], None]] = {
    "text": ContentReader._text,
    "inlineData": ContentReader._blob,
    "fileData": ContentReader._file,
    "functionCall": ContentReader._call,
    "functionResponse": ContentReader._result,
}


def _split(role: Role, parts: list[Part], extra: JsonObject) -> list[Message]:
    """One Content as messages: tool results apart from whatever stands beside them."""
    messages: list[Message] = []
    for part in parts:
        wanted: Role = "tool" if isinstance(part, ToolResultPart) else role
        if not messages or messages[-1].role != wanted:
            messages.append(Message(wanted, extra={"continues": True} if messages else extra))
        messages[-1].parts.append(part)
    return messages or [Message(role, extra=extra)]


def _take_pieces(parts: list[Part]) -> str:
    """The text of the unsigned thoughts at the end of `parts`, which it removes: a streamed thought comes back in the
    pieces it was told in, and its seal in a last one without text."""
    pieces: list[str] = []
    while parts and isinstance(piece := parts[-1], ThinkingPart) and piece.origin == NAME and piece.signature is None:
        pieces.append(piece.text)
        parts.pop()
    return "".join(reversed(pieces))


def _finish_media(part: MediaPart, inner: JsonObject, known: frozenset[str], source: JsonObject, where: str) -> None:
    part.name = get_string(inner, "displayName", where + ".")
    part.extra = rest(inner, known)
    _keep_outer(part.extra, source, where.rpartition(".")[2])


def _keep_outer(extra: JsonObject, source: JsonObject, key: str) -> None:
    """What stands beside the data of a part (its own signature, video metadata) goes to `extra["part"]`."""
    outer = {name: value for name, value in source.items() if name != key and value is not None}
    if key == "functionCall":
        outer.pop("thoughtSignature", None)
    if outer:
        extra["part"] = outer


def _read_answer(part: ToolResultPart, response: Any) -> None:
    """A function's response as text. Google's convention: the value is under `output` or `result`, a fault under `error`,
    else the whole object is the value; `extra["shape"]` remembers which."""
    key = None
    if isinstance(response, dict) and len(response) == 1 and (only := next(iter(response))) in _RESULT_KEYS:
        key, response = only, response[only]
    part.is_error = key == "error"
    part.extra["shape"] = {"key": key, "json": not isinstance(response, str)}
    if isinstance(response, str):
        part.content.append(TextPart(response))
    elif response or (key is not None and response is not None):
        part.content.append(TextPart(to_text(response)))


def read_parts(value: Any, path: str) -> list[Part]:
    """The parts of a Content outside a conversation (something to be embedded)."""
    if value is None:
        raise wrong_type(path, "an object")
    return [part for message in ContentReader().read(value, path) for part in message.parts]
