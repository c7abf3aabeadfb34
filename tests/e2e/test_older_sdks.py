"""The SDKs' previous major versions, which many applications still use, each as a process with packages of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from tests.e2e.material import HELLO
from tests.e2e.older.installing import install
from tests.support.server import Gateway
from tests.support.upstreams.protocols import PROTOCOLS

SDKS = [
    pytest.param("openai", "drive_openai.py", "2.", id="openai"),
    pytest.param("anthropic", "drive_anthropic.py", "1.", id="anthropic"),
    pytest.param("google-genai", "drive_google.py", "2.", id="google-genai"),
]


@pytest.mark.parametrize(("package", "script", "major"), SDKS)
def test_an_older_sdk_is_served(gateway: Gateway, package: str, script: str, major: str) -> None:
    packages = install(package)
    sources = [f"scripted-{'openrouter' if protocol == 'chat' else protocol}" for protocol in PROTOCOLS]
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(packages),
        "GATEWAY": gateway.base_url,
        "GATEWAY_TOKEN": gateway.token,
        "HELLO": HELLO,
        "SOURCES": " ".join(sources),
    }
    # Without `site`, nothing is on the path but the standard library and those packages.
    command = [sys.executable, "-S", str(Path(__file__).with_name("older") / script)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert orjson.loads(done.stdout)["version"].startswith(major)
