"""`make drill`: plays every scenario, tells what came of each, and writes `docs/reliability.md` when all of them went well.

Names of scenarios as arguments play those alone, and write nothing.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.drill.play import played
from tests.drill.report import Result, line_of, written
from tests.drill.scenarios import ALL


def main() -> int:
    """0 when every scenario went well or could not be played here."""
    wanted = sys.argv[1:]
    unknown = [name for name in wanted if name not in {each.name for each in ALL}]
    if unknown:
        print(f"no such scenarios: {', '.join(unknown)}", file=sys.stderr)
        return 2
    scenarios = [each for each in ALL if not wanted or each.name in wanted]
    results: list[Result] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="crawdad-drill-", ignore_cleanup_errors=True) as folder:
        for scenario, result in played(scenarios, Path(folder)):
            print(line_of(scenario, result), flush=True)
            results.append((scenario, result))
    failed = [(scenario, result) for scenario, result in results if isinstance(result, str)]
    for scenario, result in failed:
        print(f"\n--- {scenario.name} ---\n{result}", file=sys.stderr)
    print(f"{len(results) - len(failed)} of {len(results)} in {time.monotonic() - began:.0f} s")
    if failed:
        return 1
    if not wanted:
        written(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
