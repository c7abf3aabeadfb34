"""Whether a tracked file names a place of somebody's machine or a package registry: neither belongs into the project."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
_FORBIDDEN = {
    # In two parts, so that this file does not find itself.
    "a path of one machine": re.compile(r"(?<![\w.])/(?:ro" + r"ot|wo" + r"rk|ho" + r"me/\w+|Us" + r"ers/\w+)/[\w.]"),
    "a registry's host": re.compile(r"(?:py" + r"pi\.org|python" + r"hosted\.org|npm" + r"js\.org)"),
}


def main() -> int:
    """Print every find; the exit code."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True)
    if listing.returncode:
        print("This is no git checkout: nobody knows which files belong to the project.", file=sys.stderr)
        return 1
    found = 0
    for name in filter(None, listing.stdout.split(b"\0")):
        try:
            text = (ROOT / name.decode()).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            for what, pattern in _FORBIDDEN.items():
                if match := pattern.search(line):
                    print(f"{name.decode()}:{number}: {what}: {match[0]}", file=sys.stderr)
                    found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
