"""A gateway process whose clock the test moves (`tests.support.moved_clock`)."""

from __future__ import annotations

import sys

from crawdad.app import application
from crawdad.app.launch import Launch
from crawdad.app.server import run
from tests.support.moved_clock import Clock

if __name__ == "__main__":
    application.SystemClock = Clock  # type: ignore[attr-defined,assignment]
    sys.exit(run(Launch.from_environment(sys.argv[sys.argv.index("--home") + 1])))
