"""What the documents name is there: links, commands and their options, make targets, variables, files, metrics, codes."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock
from urllib.parse import unquote

import pytest

from crawdad.adapters.system import SystemClock
from crawdad.api.guide.errors import STATUS_AND_CODE
from crawdad.app import exits
from crawdad.app.commands.group import root_group
from crawdad.core.catalogue import MESSAGES
from crawdad.services.configuration.variables import OVERRIDES, VENDORS
from crawdad.services.gateway_metrics import GatewayMetrics
from crawdad.services.health import HealthReport
from crawdad.services.metrics import ExchangeMetrics
from crawdad.services.operation_metrics import OperationMetrics, Watched
from crawdad.store.inprocess import InProcessBus
from tests.docs.pages import ROOT, code, pages

PAGES = sorted(pages())
GLOBAL_OPTIONS = {"--json", "--home", "--config", "--help"}
AGENT_WORDS = {
    "HEARTBEAT_OK",
    "NO_REPLY",
    "OPENCLAW_SKIP_CRON",
    "QUEUED_UNTIL_FOREGROUND",
    "NODE_BACKGROUND_UNAVAILABLE",
}
"""What agents and nodes answer, and what OpenClaw calls its switch of cron."""
OTHERS_VARIABLES = {
    "RECVD_MSG_API",
    "LOGIN_API_TOKEN",
    "CRAWDAD_SIMULATORS",
    "LOG_HISTORY",
    "TASK_UPDATE",
    "CRAWDAD_REQUIRE_SERVICES",
}
"""Of the WeChat bridge, of frames that panels know, of the suite by which others try their channels, and of CI."""
CLIENT_VARIABLES = {
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_DEFAULT_HAIKU_MODEL",
    "CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY",
    "CLAUDE_CODE_MAX_CONTEXT_TOKENS",
    "CLAUDE_CONFIG_DIR",
    "CODEX_HOME",
    "GEMINI_CLI_HOME",
    "OPENCLAW_GATEWAY_PORT",
    "OPENCLAW_GATEWAY_TOKEN",
    "OPENCLAW_STATE_DIR",
}
"""Those of the tools that are pointed at Crawdad, or that it takes over from."""

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_COMMAND = re.compile(r"(?<![\w/.-])crawdad ([a-z]+)\b(.*)")
_VARIABLE = re.compile(r"(?<![\w$])([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b")


def anchors(text: str) -> set[str]:
    """The anchors that a document's headings get where it is shown."""
    slugs = (re.sub(r"[^\w\- ]", "", heading.lower()).strip() for heading in _HEADING.findall(text))
    return {slug.replace(" ", "-") for slug in slugs}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for target in _LINK.findall(pages()[page]):
        if re.match(r"\w+://", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        path = ((ROOT / page).parent / name).resolve() if name else ROOT / page
        assert path.exists(), f"{page}: {target}"
        if anchor:
            assert anchor in anchors(path.read_text(encoding="utf-8")), f"{page}: {target}"


TWINS = sorted(page for page in PAGES if page.replace(".md", ".zh-CN.md") in PAGES)


@pytest.mark.parametrize("page", TWINS)
def test_the_chinese_twin_has_the_same_sections(page: str) -> None:
    """In each section as many blocks of code, rows of tables and points, and the same names in the code."""
    chinese = page.replace(".md", ".zh-CN.md")
    ours, theirs = skeleton(pages()[page]), skeleton(pages()[chinese])
    assert len(ours) == len(theirs)
    for number, (english, twin) in enumerate(zip(ours, theirs, strict=True)):
        assert english == twin, f"section {number} of {chinese} differs"


def skeleton(text: str) -> list[tuple[int, list[str], int, int]]:
    """What every section of a document holds: its level, the languages of its blocks, its table rows, its points."""
    found: list[tuple[int, list[str], int, int]] = []
    level, languages, rows, points, inside = 0, [], 0, 0, False
    for line in [*text.splitlines(), "# end"]:
        if line.startswith("```"):
            inside = not inside
            languages += [line[3:]] if inside else []
        elif not inside and line.startswith("#"):
            found.append((level, languages, rows, points))
            level, languages, rows, points = len(line) - len(line.lstrip("#")), [], 0, 0
        elif not inside:
            rows += line.startswith("|")
            points += line.startswith("- ")
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_document_is_linked_from_another(page: str) -> None:
    if page in ("README.md", "README.zh-CN.md"):
        return
    linked = {
        ((ROOT / other).parent / unquote(target).partition("#")[0]).resolve()
        for other, text in pages().items()
        if other != page
        for target in _LINK.findall(text)
    }
    assert ROOT / page in linked


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_option_exists(page: str) -> None:
    group: Any = root_group()
    context = group.make_context("crawdad", ["version"])
    for line in code(pages()[page]):
        in_container = "exec -it crawdad crawdad "
        for name, rest in _COMMAND.findall(line.replace(in_container, "crawdad ")):
            command: Any = group.get_command(context, name)
            assert command is not None, f"{page}: {line}"
            words = _words(rest)
            if children := getattr(command, "commands", None):
                if not words or not words[0].isalpha():
                    continue
                assert words[0] in children, f"{page}: {line}"
                command = children[words[0]]
            known = {option for parameter in command.params for option in parameter.opts} | GLOBAL_OPTIONS
            used = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
            assert used <= known, f"{page}: {line}"


def _words(rest: str) -> list[str]:
    if rest.count('"') % 2:  # the command stands in a list of texts, and ends with its own
        rest = rest.partition('"')[0]
    try:
        words = shlex.split(rest, comments=True)
    except ValueError:
        words = rest.split()
    ends = [place for place, word in enumerate(words) if word in ("&&", "||", "|", ";")]
    return words[: ends[0]] if ends else words


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in code(pages()[page]):
        for target in re.findall(r"(?:^|\s)make ([a-z-]+)", line):
            assert target in targets, f"{page}: {line}"


def known_variables() -> set[str]:
    vendors = {name for vendor in VENDORS for name in (*vendor.keys, vendor.base_url_variable) if name}
    proxies = {"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"}
    documented = {key.removeprefix("environment.") for key in MESSAGES if key.startswith("environment.")}
    codes = {code for _, code in STATUS_AND_CODE.values()}  # of errors: they look like variables
    return (
        {name for name, _ in OVERRIDES}
        | vendors
        | proxies
        | documented
        | CLIENT_VARIABLES
        | codes
        | AGENT_WORDS
        | OTHERS_VARIABLES
    )


@pytest.mark.parametrize("page", PAGES)
def test_every_variable_is_known(page: str) -> None:
    named = {name for line in code(pages()[page]) for name in _VARIABLE.findall(line)}
    if page == "docs/protocols.md":  # whose capitals are the words of Google's errors
        return
    assert named <= known_variables(), page


def test_every_variable_of_the_code_is_documented() -> None:
    found = set()
    for path in [*(ROOT / "src").rglob("*.py"), *(ROOT / "scripts").iterdir()]:
        if path.is_file():
            found |= set(re.findall(r"(?<![_\w])CRAWDAD_[A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8")))
    assert found <= known_variables()


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith(("docs/architecture", "docs/decisions/0"))])
def test_every_file_of_the_code_exists(page: str) -> None:
    for span in code(pages()[page]):
        if re.fullmatch(r"[a-z_0-9]+(?:/[a-z_0-9.]+)+", span) and span.split("/")[0] in (
            "api",
            "app",
            "core",
            "services",
            "store",
            "wire",
        ):
            assert (ROOT / "src/crawdad" / span).exists() or span == "services/routing", f"{page}: {span}"


async def operations_looked_at() -> OperationMetrics:
    depths = SimpleNamespace(**dict.fromkeys(("sessions", "inbox", "outbox"), AsyncMock(return_value=0)))
    watched = Watched(depths, lambda: 0, dict, AsyncMock(return_value=[]), AsyncMock(return_value=0))
    metrics = OperationMetrics(watched, InProcessBus(), SystemClock(), "me")
    await metrics.look()
    return metrics


@pytest.mark.parametrize("page", ["docs/operations.md", "docs/operations.zh-CN.md"])
async def test_the_tables_of_operations_are_complete(page: str) -> None:
    rows = re.findall(r"^\| `?([\w]+)`? \|", pages()[page], re.MULTILINE)
    codes = {int(row) for row in rows if row.isdigit()}
    assert codes == {value for name, value in vars(exits).items() if name.isupper()}
    gateway = GatewayMetrics(HealthReport, lambda: "running", lambda: None, dict, lambda: 0, SystemClock())
    families = [
        *ExchangeMetrics(lambda: 0, lambda: 0).collect(),
        *gateway.collect(),
        *(await operations_looked_at()).collect(),
    ]
    endings = {"counter": "_total", "info": "_info"}
    exposed = {f"{family.name}{endings.get(family.type, '')}" for family in families}
    assert {row for row in rows if row.startswith("crawdad_")} == exposed


def test_the_generated_documents_are_those_of_the_code() -> None:
    command = [sys.executable, "scripts/generate_docs.py", "--check"]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert finished.returncode == 0, finished.stderr
