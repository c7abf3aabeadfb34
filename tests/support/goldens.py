"""The recorded exchanges with real vendors, where the folder beside the project holds them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"


@dataclass(frozen=True)
class Golden:
    """One recorded exchange. `body` of the response is parsed JSON, or the SSE text of a stream."""

    story: str
    step: int
    host: str
    protocol: str
    path: str
    request: Any
    status: int
    headers: dict[str, str]
    body: Any

    @property
    def streamed(self) -> bool:
        """Whether the answer is an SSE stream."""
        return isinstance(self.body, str)

    @property
    def ok(self) -> bool:
        """Whether the vendor answered with success."""
        return self.status < 400

    def __str__(self) -> str:
        return f"{self.story}-{self.step}"


def load(name: str) -> list[Golden]:
    """All exchanges of `goldens/<name>.jsonl`; empty where the folder is absent."""
    path = SHARED / "goldens" / f"{name}.jsonl"
    if not path.exists():
        return []
    rows = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            answer = row["response"]
            rows.append(
                Golden(
                    row["story"],
                    row["step"],
                    row["host"],
                    row["protocol"],
                    row["path"],
                    row["request"]["body"],
                    answer["status"],
                    {k.lower(): v for k, v in (answer.get("headers") or {}).items()},
                    answer["body"],
                )
            )
    return rows


def trace(name: str) -> list[dict[str, Any]]:
    """Recorded client requests of `contracts/traces/clients/<name>.json`; empty where the folder is absent."""
    path = SHARED / "contracts" / "traces" / "clients" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


needs_goldens = pytest.mark.skipif(not (SHARED / "goldens").exists(), reason="../shared/goldens is not here")
