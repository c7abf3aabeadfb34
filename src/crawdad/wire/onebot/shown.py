"""A message for people to read: its words, and a word for everything else in it."""

from __future__ import annotations

from typing import Any

_WORDS = {"record": "[语音]", "image": "[图片]", "video": "[视频]", "face": "[表情]"}


def shown_text(message: Any) -> str:
    """The text of segments, of one segment, or of a text with CQ codes (which stays as it is)."""
    if isinstance(message, str):
        return message
    segments = message if isinstance(message, list) else [message]
    return "".join(_shown(one) for one in segments if isinstance(one, dict))


def _shown(segment: dict[str, Any]) -> str:
    kind = str(segment.get("type") or "")
    data = segment.get("data")
    data = data if isinstance(data, dict) else {}
    match kind:
        case "text":
            return str(data.get("text") or "")
        case "at":
            return f"@{data.get('qq', '')}"
        case "file":
            return f"[文件:{data.get('name') or data.get('file') or ''}]"[:200]
    return _WORDS.get(kind, f"[{kind}]")
