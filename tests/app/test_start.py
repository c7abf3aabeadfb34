"""What a start does without: heavy packages are imported when they are first needed."""

from __future__ import annotations

import subprocess
import sys

_LATER = (
    "fastapi",
    "starlette",
    "alembic",
    "typer",
    "cryptography",
    "prometheus_client",
    "psutil",
    "pypdf",
    "websockets",
)


def test_a_start_imports_no_web_framework_and_nothing_that_is_rarely_needed() -> None:
    code = (
        f"import sys, crawdad.app.server, crawdad.app.application; print([n for n in {_LATER!r} if n in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert found.stdout.strip() == "[]"
