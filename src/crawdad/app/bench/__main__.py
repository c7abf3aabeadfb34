"""`python -m crawdad.app.bench`: the same as `crawdad bench`."""

from __future__ import annotations

import typer

from crawdad.app.bench.command import bench

if __name__ == "__main__":
    typer.run(bench)
