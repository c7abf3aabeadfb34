"""The examples of the documents, run against a server of their own with the built-in model."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import anthropic
import openai
import pytest
from google import genai

from tests.docs.pages import ROOT, Block, blocks, pages
from tests.support.server import Gateway, running_gateway, settings

GUIDES = ("README.md", "README.zh-CN.md", "docs/clients.md", "docs/clients.zh-CN.md")
HANDBOOKS = ("docs/configuration.md", "docs/configuration.zh-CN.md", "docs/operations.md", "docs/operations.zh-CN.md")
HOOKS = {"enabled": True, "token": "a-long-random-hook-token"}
ADDRESS = "http://127.0.0.1:18789"
COMMAND = [sys.executable, "-m", "crawdad.app"]
SDKS = {"OpenAI": openai.OpenAI, "Anthropic": anthropic.Anthropic, "genai": genai}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with running_gateway(settings({}, hooks=HOOKS)) as running:
        yield running


def pointed_at(gateway: Gateway, text: str) -> str:
    """The example with the real address and token (`<令牌>` in Chinese) in it."""
    assert ADDRESS in text
    return re.sub(r"<(?:token|令牌)>", gateway.token, text.replace(ADDRESS, gateway.base_url))


def clean_environment(**more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8", "CRAWDAD_LANG": "en", **more}


def name_of(block: Block) -> str:
    return f"{block.page}:{block.text.splitlines()[0][:40]}"


@pytest.mark.parametrize("block", blocks("python", *GUIDES), ids=name_of)
def test_a_python_example_runs(gateway: Gateway, block: Block) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", pointed_at(gateway, block.text)],
        env=clean_environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert finished.returncode == 0, finished.stderr
    for line in filter(None, finished.stdout.splitlines()):
        assert line.startswith("[Crawdad demo]")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not there")
@pytest.mark.parametrize("block", [b for b in blocks("sh", *GUIDES) if b.text.startswith("curl")], ids=name_of)
def test_a_curl_line_runs(gateway: Gateway, block: Block) -> None:
    line = pointed_at(gateway, block.text).replace("curl ", "curl -sS --fail-with-body --noproxy '*' ", 1)
    environment = clean_environment(CRAWDAD_TOKEN=gateway.token)
    finished = subprocess.run(["sh", "-c", line], env=environment, capture_output=True, timeout=60)
    assert finished.returncode == 0, finished.stdout
    assert (b'"runId"' if "/hooks/" in line else b"[Crawdad") in finished.stdout


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_commands_about_agents_run(page: str) -> None:
    lines = [line for block in blocks("sh", page) for line in block.text.splitlines() if line.startswith("crawdad ")]
    assert [line.split()[1] for line in lines] == ["agents", "agents", "cron", "cron"]
    with running_gateway(settings({})) as gateway:
        said = []
        for line in lines:
            words = shlex.split(line, comments=True)[1:]
            where = ["--url", gateway.base_url] if words[:2] == ["agents", "run"] else []
            finished = subprocess.run(
                [*COMMAND, *words, *where],
                env=clean_environment(CRAWDAD_HOME=str(gateway.home), CRAWDAD_TOKEN=gateway.token),
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=60,
            )
            assert finished.returncode == 0, (line, finished.stdout, finished.stderr)
            said.append(finished.stdout)
    assert said[0].startswith("[Crawdad demo]") and "research" in said[1] and "morning post" in said[3]


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_clients_of_the_table_connect(gateway: Gateway, page: str) -> None:
    found = re.findall(r"`((?:OpenAI|Anthropic|genai\.Client)\(.+?\))` \|", pages()[page])
    assert len(found) == 3
    for expression in found:
        client = eval(pointed_at(gateway, expression), dict(SDKS))
        names = [getattr(model, "id", None) or model.name for model in client.models.list()]
        assert any(name.endswith("crawdad/demo") for name in names), expression


@pytest.mark.parametrize("block", blocks("toml", *GUIDES), ids=name_of)
def test_the_file_of_codex_names_its_provider(block: Block) -> None:
    document = tomllib.loads(block.text)
    provider = document["model_providers"][document["model_provider"]]
    assert provider["base_url"] == f"{ADDRESS}/v1" and provider["wire_api"] == "responses"


@pytest.mark.parametrize("block", blocks("json5", *GUIDES), ids=name_of)
def test_a_configuration_is_valid(tmp_path: Path, block: Block) -> None:
    (tmp_path / "openclaw.json").write_text(block.text, encoding="utf-8")
    environment = clean_environment(CRAWDAD_HOME=str(tmp_path), DEEPSEEK_API_KEY="sk-any")
    finished = subprocess.run(
        [*COMMAND, "--json", "config", "validate"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert finished.returncode == 0 and '"problems": []' in finished.stdout, finished.stdout


@pytest.mark.parametrize("page", HANDBOOKS)
def test_the_commands_run(tmp_path: Path, page: str) -> None:
    lines = [line for block in blocks("sh", page) for line in block.text.splitlines() if line.startswith("crawdad ")]
    assert lines
    for line in lines:
        if "database.url" in line or "cluster.url" in line:
            continue  # a server that is not there: every later command would ask it
        finished = subprocess.run(
            [*COMMAND, *shlex.split(line, comments=True)[1:]],
            cwd=tmp_path,
            env=clean_environment(CRAWDAD_HOME=str(tmp_path)),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert finished.returncode == 0, (line, finished.stdout, finished.stderr)
