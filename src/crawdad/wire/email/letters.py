"""What a letter says. Letters are kept as JSON (`letter_of`), without their attachments, which are fetched when wanted."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import EmailPolicy
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any, cast

from crawdad.core.channels import Chat, InboundMedia, InboundMessage, Person, Quoted
from crawdad.core.parts import JsonObject, MediaKind

UNVERIFIED = "unverified:"
"""Stands before the address of a sender whom nobody vouches for: anybody can write any address in a letter."""
_MOST_TEXT = 200_000
_MOST_FILES = 50
_MOST_REFERENCES = 20
_BULK = frozenset(("bulk", "list", "junk"))
_NOBODY = ("mailer-daemon@", "postmaster@", "no-reply@", "noreply@", "donotreply@", "do-not-reply@")
_QUOTED = re.compile(r"^>.*$", re.MULTILINE)
_ATTRIBUTION = re.compile(
    r"^(?:On .{5,200} wrote:|在.{2,200}写道[：:]|-{2,}\s*(?:Original Message|原始邮件)\s*-{2,}.*)\s*$", re.MULTILINE
)
_TAG = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]+>", re.DOTALL | re.IGNORECASE)
_RESULT = re.compile(r"\b(dmarc|spf|dkim)\s*=\s*(\w+)([^;]*)")


_INSTEAD = {
    "content-type": "application/octet-stream",
    "content-disposition": "attachment",
    "content-transfer-encoding": "7bit",
}


class _Forgiving(EmailPolicy):
    """The standard library's parser of headers breaks on some that anybody may write (`Message-ID: <>`): those are read as they
    stand, and what they should say of a part is said in their place."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """What a header says."""
        try:
            return super().header_fetch_parse(name, value)
        except Exception:  # whatever the library stumbles over
            instead = _INSTEAD.get(name.lower())
            return self.header_factory(name, instead) if instead else self.header_factory("x-as-it-stands", value)


_POLICY = _Forgiving()


def parsed(raw: bytes) -> EmailMessage:
    """A letter's parts."""
    return cast(EmailMessage, BytesParser(policy=_POLICY).parsebytes(raw))


def letter_of(raw: bytes, place: JsonObject, vouching: str) -> JsonObject:
    """A letter as it is kept; `place` finds it again, `vouching` is the name of the server whose word on senders counts."""
    found = parsed(raw)
    (name, address), *_ = [*getaddresses([str(found.get("from") or "")]), ("", "")]
    address = address.strip().lower()
    words, files = _content(found)
    return {
        **place,
        "from": address,
        "name": name,
        "verified": _is_vouched_for(found.get_all("authentication-results") or [], vouching, address),
        "automatic": _is_automatic(found, address),
        "message_id": _text(found, "message-id"),
        "in_reply_to": _text(found, "in-reply-to"),
        "references": _text(found, "references").split()[-_MOST_REFERENCES:],
        "subject": _text(found, "subject"),
        "at": _sent_at(found),
        "text": words[:_MOST_TEXT],
        "files": files,
    }


def read_event(event: JsonObject) -> InboundMessage | None:
    """What a letter says; None: a program wrote it. Raises KeyError, TypeError, ValueError for what is none."""
    if event["automatic"] or not event["from"]:
        return None
    identity = str(event["message_id"] or f"{event['validity']}:{event['uid']}")
    sender = str(event["from"]) if event["verified"] else f"{UNVERIFIED}{event['from']}"
    words, quoted = _without_quotation(str(event["text"]))
    subject = str(event["subject"])
    if subject and not event["in_reply_to"]:
        words = f"{subject}\n\n{words}".strip()
    media = tuple(
        InboundMedia(
            one["kind"],
            {"validity": event["validity"], "uid": event["uid"], "part": one["part"]},
            str(one["type"]),
            str(one["name"]),
            int(one["size"]),
        )
        for one in event["files"]
    )
    references = [*event["references"], *([identity] if event["message_id"] else [])]
    context: JsonObject = {"subject": subject, "references": references[-_MOST_REFERENCES:]}
    context |= {"in_reply_to": str(event["message_id"]), "to": str(event["from"])}
    return InboundMessage(
        f"message:{identity}",
        Chat("direct", sender),
        Person(sender, str(event["name"])),
        float(event["at"]),
        message_id=identity,
        text=words,
        quoted=Quoted(str(event["in_reply_to"]), quoted, by_bot=True) if quoted and event["in_reply_to"] else None,
        media=media,
        reply_context=context,
    )


def part_of(raw: bytes, number: int) -> bytes:
    """One of a letter's files. Raises LookupError."""
    for place, part in enumerate(parsed(raw).walk()):
        if place == number and not part.is_multipart():
            content = part.get_payload(decode=True)
            return content if isinstance(content, bytes) else b""
    raise LookupError(number)


def _content(letter: EmailMessage) -> tuple[str, list[JsonObject]]:
    words = ""
    files: list[JsonObject] = []
    body = letter.get_body(("plain", "html"))
    if body is not None:
        words = _decoded(body)
        if body.get_content_type() == "text/html":
            words = _without_markup(words)
    for place, part in enumerate(letter.walk()):
        name = part.get_filename()
        wanted = bool(name) or part.get_content_disposition() == "attachment"
        if part.is_multipart() or part is body or not wanted or len(files) >= _MOST_FILES:
            continue
        content = part.get_payload(decode=True)
        kinds: dict[str, MediaKind] = {"image": "image", "audio": "audio", "video": "video"}
        files.append(
            {
                "part": place,
                "kind": kinds.get(part.get_content_maintype(), "document"),
                "type": part.get_content_type(),
                "name": str(name or f"file-{place}"),
                "size": len(content) if isinstance(content, bytes) else 0,
            }
        )
    return words.strip(), files


def _decoded(part: Any) -> str:
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError):  # a charset that nobody knows
        content = part.get_payload(decode=True)
        return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""


def _without_markup(text: str) -> str:
    import html

    text = re.sub(r"<(?:br|/p|/div|/tr|/li|/h\d)\b[^>]*>", "\n", text, flags=re.IGNORECASE)
    return re.sub(r"\n{3,}", "\n\n", html.unescape(_TAG.sub("", text))).strip()


def _without_quotation(text: str) -> tuple[str, str]:
    """What the sender wrote now, and what is quoted below it."""
    found = _ATTRIBUTION.search(text)
    own, below = (text[: found.start()], text[found.end() :]) if found else (text, "")
    if not found and _QUOTED.search(text):
        own = _QUOTED.sub("", text)
        below = "\n".join(line for line in text.splitlines() if line.startswith(">"))
    quoted = "\n".join(line.removeprefix(">").removeprefix(" ") for line in below.strip().splitlines())
    return own.strip(), quoted.strip()


def _is_vouched_for(results: list[Any], vouching: str, address: str) -> bool:
    """Whether the named server found the sender's domain to be the sender's (RFC 8601). Only headers in its name count, and of
    those only the first: what stands below came with the letter."""
    domain = address.rpartition("@")[2]
    for raw in results:
        text = " ".join(str(raw).split())
        server, _, rest = text.partition(";")
        if not vouching or server.split()[:1] != [vouching]:
            continue
        verdicts = {kind: (verdict, detail) for kind, verdict, detail in _RESULT.findall(rest)}
        if "dmarc" in verdicts:
            return bool(verdicts["dmarc"][0] == "pass")
        verdict, detail = verdicts.get("dkim", ("none", ""))
        signed_by = re.search(r"header\.(?:d|i)\s*=\s*@?([\w.-]+)", detail)
        return bool(verdict == "pass" and signed_by is not None and signed_by[1].lower() == domain)
    return False


def _is_automatic(letter: EmailMessage, address: str) -> bool:
    """Whether a program wrote it, which must not be answered (RFC 3834)."""
    said = _text(letter, "auto-submitted").split(";")[0].strip().lower()
    bulk = (
        _text(letter, "precedence").lower() in _BULK
        or bool(letter.get("list-id"))
        or bool(letter.get("list-unsubscribe"))
    )
    return bool(said and said != "no") or bulk or address.startswith(_NOBODY) or _text(letter, "return-path") == "<>"


def _text(letter: EmailMessage, name: str) -> str:
    return " ".join(str(letter.get(name) or "").split())[:2000]


def _sent_at(letter: EmailMessage) -> float:
    try:
        return parsedate_to_datetime(str(letter.get("date") or "")).timestamp()
    except (TypeError, ValueError, OverflowError):
        return 0.0
