"""Looks for a regular expression in lines. A script of its own, with the standard library alone: some take for ever,
and a process can be ended. It reads JSON lines: first `{"pattern", "ignoreCase"}`, then lists of lines; it answers each list
with the numbers of those that match."""

from __future__ import annotations

import json
import re
import sys


def main() -> None:
    """Answer until the input ends."""
    wanted = json.loads(sys.stdin.readline())
    expression = re.compile(wanted["pattern"], re.IGNORECASE if wanted["ignoreCase"] else 0)
    for text in sys.stdin:
        found = [number for number, line in enumerate(json.loads(text)) if expression.search(line)]
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
