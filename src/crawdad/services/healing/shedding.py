"""Whether load is shed at the moment: no new background work is begun while it is."""

from __future__ import annotations


class Shedding:
    """One for a process. Whoever begins work that nobody waits for asks it."""

    def __init__(self) -> None:
        self.on = False
