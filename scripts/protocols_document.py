"""`docs/protocols.md`: what each protocol can say and what becomes of the rest, from the tables that the code uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.wire import codecs
from crawdad.wire.answers import ANSWERS, AnswerFeature
from crawdad.wire.features import Feature, Treatment

_CLIENTS = ("openai-chat", "openai-responses", "anthropic-messages", "gemini")

_WORDS: Mapping[Treatment, str] = {
    Treatment.NATIVE: "the protocol has a field for it",
    Treatment.ADAPTED: "said in other words; nothing is lost",
    Treatment.APPROXIMATED: "said less exactly; noted on the exchange",
    Treatment.DROPPED: "left out; in requests noted on the exchange",
    Treatment.REFUSED: "cannot be said: the request is a 400",
}

_HEAD = """# What the protocols can say

Made from the code's own tables (`make docs`); the tests hold every codec against them.

When client and upstream speak the same protocol nothing is translated: the bytes go through, apart from the model's name.
Otherwise a request is written in the upstream's protocol and the answer in the client's. Content that the other protocol cannot
say is refused with a clear 400; a knob it lacks is left out and noted, in the log and in the `x-crawdad-notes` header. Pictures
and documents by URL are fetched (public addresses only) for upstreams that take only data.

客户端与上游协议相同时逐字节透传（仅替换模型名）。否则请求会翻译成上游协议、回答翻译成客户端协议：
对方无法表达的**内容**返回明确的 400，无法表达的**参数**会被省略，并记录在日志和 `x-crawdad-notes` 响应头中。
对只接受数据的上游，会先获取图片和文档的 URL（仅限公网地址）。下表由代码生成。
"""


def document() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _HEAD
    yield from _table(("treatment", "meaning"), [(f"`{treatment}`", words) for treatment, words in _WORDS.items()])
    yield "\n## Requests, by the upstream's protocol\n"
    names = codecs.PROTOCOLS
    rows = [(feature.value, *(codecs.get(name).support[feature].value for name in names)) for feature in Feature]
    yield from _table(("a request's …", *names), rows)
    yield "\n## Answers of another protocol, by the client's protocol\n"
    yield from _table(("an answer's …", *ANSWERS), [_answer_row(feature) for feature in AnswerFeature])
    yield "\n## Errors, by the client's protocol\n"
    yield "HTTP status and the protocol's own word. A vendor's error body of the client's protocol goes through as it is.\n"
    yield from _table(
        ("kind", *_CLIENTS), [(kind.value, *(_error(name, kind) for name in _CLIENTS)) for kind in ErrorKind]
    )


def _answer_row(feature: AnswerFeature) -> Sequence[str]:
    cells = []
    for name in ANSWERS:
        treatment, words = ANSWERS[name][feature]
        cells.append(f"{treatment.value}: {words}" if words else treatment.value)
    return (feature.value, *cells)


def _error(protocol: str, kind: ErrorKind) -> str:
    status, body = codecs.get(protocol).write_error(GatewayError(kind, "…"))
    error = body["error"]
    word = error.get("status") or error.get("code") or error.get("type")
    return f"{status} `{word}`"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
