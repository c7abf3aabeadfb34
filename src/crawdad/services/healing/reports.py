"""A heal event as a page for people, in both languages, to be read in a minute. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from crawdad.core.healing import HealEvent
from crawdad.core.tasks import rendered
from crawdad.core.text import Language, Text
from crawdad.services.bodies.redaction import redacted

_FENCE = re.compile(r"^(`{3,}|~{3,})", re.MULTILINE)
_MOST_DIFFERENCE = 20_000


def report_name(event: HealEvent) -> str:
    """What the report of an event is called: no two events share one."""
    at = datetime.fromtimestamp(event.at, UTC).strftime("%Y%m%d_%H%M%S")
    mark = re.sub(r"[^a-z0-9]", "", event.id.lower())[-6:]
    return f"fault_report_{at}_{event.cause}_{mark}.md"


def report_text(event: HealEvent, analysis: str = "") -> str:
    """The page. `analysis` is what a model wrote about it."""
    return "\n\n".join([_part(event, "en", analysis), "---", _part(event, "zh", analysis)]) + "\n"


def summary(event: HealEvent, language: Language) -> str:
    """An event in one sentence."""
    values = {
        "cause": cause_words(event, language),
        "remedy": Text(f"healing.remedy.{event.remedy}").render(language),
        "result": Text(f"healing.status.{event.status}").render(language),
    }
    return Text("healing.summary", values).render(language)


def cause_words(event: HealEvent, language: Language) -> str:
    """What was wrong, in a few words."""
    words = Text(f"healing.cause.{event.cause}").render(language)
    return f"{words} ({event.subject})" if event.subject else words


def _part(event: HealEvent, language: Language, analysis: str) -> str:
    def words(key: str, **values: object) -> str:
        return Text(f"healing.report.{key}", values).render(language)

    facts = [
        (words("at"), _moment(event.at)),
        (
            words("cause"),
            f"{cause_words(event, language)} · {words('confidence', percent=round(event.confidence * 100))}",
        ),
        (words("remedy"), Text(f"healing.remedy.{event.remedy}").render(language)),
        (words("place"), Text(f"healing.place.{event.place}").render(language)),
        (words("result"), f"**{Text(f'healing.status.{event.status}').render(language)}**"),
    ]
    if event.verify_ms is not None:
        facts.append(
            (words("verified"), words("after", tries=event.verify_tries, seconds=round(event.verify_ms / 1000, 1)))
        )
    if event.error is not None:
        facts.append((words("error"), _line(rendered(event.error, language))))
    blocks = [f"# {words('title', cause=cause_words(event, language))}"]
    blocks.append("\n".join(f"- {name}: {value}" for name, value in facts))
    if event.seen:
        seen = "\n".join(f"- {_line(rendered(each, language))}" for each in event.seen)
        blocks.append(f"## {words('seen')}\n\n{seen}")
    if event.steps:
        steps = "\n".join(f"- `{_clock(step.at)}` {_line(rendered(step.text, language))}" for step in event.steps)
        blocks.append(f"## {words('timeline')}\n\n{steps}")
    if event.difference:
        shown = _FENCE.sub(r" \1", event.difference[:_MOST_DIFFERENCE].rstrip("\n"))
        blocks.append(f"## {words('difference')}\n\n{words('difference_note')}\n\n```diff\n{shown}\n```")
    if analysis:
        blocks.append(f"## {words('analysis')}\n\n{words('analysis_note')}\n\n{_quoted(analysis)}")
    return "\n\n".join(blocks)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.strip().splitlines())


def _line(text: str | None) -> str:
    """One line without credentials, whatever the words hold."""
    line = " ".join((text or "").split())[:1000]
    return redacted(line.encode("utf-8", "replace"), ()).decode("utf-8", "replace")


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")
