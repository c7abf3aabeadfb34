"""Which worker runs which file of tests: `--dist loadfile` as it is meant to be, also where a worker dies.

xdist's own ends the whole run with a KeyError where a replacement still collects. It hands out anew what a dead worker had done
long ago, and a worker that is given nothing but that waits for ever; and the test that a worker died in is run again, in which
the next one dies.
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler.loadfile import LoadFileScheduling  # type: ignore[import-untyped]
from xdist.workermanage import WorkerController  # type: ignore[import-untyped]

_LEAST_PENDING = 2
"""A worker begins with a test once it knows of the next one, or that there is none."""


class Files(LoadFileScheduling):  # type: ignore[misc]
    """A file is one worker's. A worker that still collects is given nothing; what a dead one leaves is given to others."""

    def remove_node(self, node: WorkerController) -> str | None:
        """Forget a worker; the test that it died in, if it did. That counts as run."""
        begun = [(file, tests) for file, tests in self.assigned_work.pop(node).items() if not all(tests.values())]
        if not begun:
            return None
        tests = begun[0][1]
        fatal: str = next(test for test, done in tests.items() if not done)
        tests[fatal] = True
        self.workqueue.update((file, tests) for file, tests in begun if not all(tests.values()))
        for other in self.assigned_work:
            self._reschedule(other)
        return fatal

    def _reschedule(self, node: WorkerController) -> None:
        if node not in self.registered_collections:
            return
        super()._reschedule(node)
        while self.workqueue and self._pending_of(self.assigned_work[node]) < _LEAST_PENDING and not node.shutting_down:
            self._assign_work_unit(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Files | None:
    """What hands out the files, where `--dist loadfile` is asked for."""
    return Files(config, log) if config.getvalue("dist") == "loadfile" else None
