"""The table of `docs/reliability.md` and its translation."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path

from tests.drill.scenario import Kept, NotPossible, Outcome, Scenario, Words

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"en": DOCS / "reliability.md", "zh": DOCS / "reliability.zh-CN.md"}
_BEGIN, _END = "<!-- drill: begin -->", "<!-- drill: end -->"
_HEAD = {
    "en": ("Fault", "What was seen", "What was done", "End", "Seconds (at most)", "Restarts", "Kept"),
    "zh": ("故障", "发现了什么", "做了什么", "结局", "秒数（上限）", "重启次数", "保留"),
}
Result = tuple[Scenario, Outcome | NotPossible | str]


def written(results: Sequence[Result]) -> None:
    """Put the results into both pages."""
    for language, path in PAGES.items():
        before, _, rest = path.read_text(encoding="utf-8").partition(_BEGIN)
        _, _, after = rest.partition(_END)
        table = "\n".join([_measured(language), "", *table_of(results, language)])
        path.write_text(f"{before}{_BEGIN}\n{table}\n{_END}{after}", encoding="utf-8")


def table_of(results: Sequence[Result], language: str) -> list[str]:
    """The lines of the table."""
    head = _HEAD[language]
    lines = [_row(head), _row(["---"] * len(head))]
    for scenario, result in results:
        said = [getattr(each, language) for each in (scenario.fault, scenario.seen, scenario.done)]
        lines.append(_row([*said, *_told(scenario, result, language)]))
    return lines


def line_of(scenario: Scenario, result: Outcome | NotPossible | str) -> str:
    """A line for whoever watches."""
    if isinstance(result, Outcome):
        ending, seconds, _, kept = _told(scenario, result, "en")
        return f"{scenario.name:28}{ending:28}{seconds:>14}  {kept}"
    return f"{scenario.name:28}{f'not played: {result}' if isinstance(result, NotPossible) else 'FAILED'}"


def _told(scenario: Scenario, result: Outcome | NotPossible | str, language: str) -> list[str]:
    if not isinstance(result, Outcome):
        words = Words(f"not played: {result}", f"未演练：{result}")
        return [getattr(words, language), "", "", ""]
    seconds = f"{result.seconds:.1f} ({scenario.allowed:g})"
    return [getattr(scenario.ending, language), seconds, str(result.restarts), _kept(result.kept, language)]


def _kept(kept: Kept, language: str) -> str:
    if language == "zh":
        return f"全部：{kept.exchanges} 次交换、{kept.messages} 条消息、{kept.runs} 次运行"
    runs = "run" if kept.runs == 1 else "runs"
    return f"all: {kept.exchanges} exchanges, {kept.messages} messages, {kept.runs} {runs}"


def _measured(language: str) -> str:
    day = time.strftime("%Y-%m-%d", time.gmtime())
    where = f"{platform.system()}, Python {platform.python_version()}"
    cores, load = os.cpu_count(), os.getloadavg()[2]
    if language == "zh":
        return f"演练于 {day}：{where}，{cores} 个处理器核心，平均负载 {load:.0f}。"
    return f"Played on {day}: {where}, {cores} processor cores, load average {load:.0f}."


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
