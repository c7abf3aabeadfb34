"""Everything an upstream can do wrong, by name. Importing this package fills `FAULTS`."""

from __future__ import annotations

from tests.support.upstreams.faults import bodies, framing, statuses, toolcalls, transport
from tests.support.upstreams.faults.scene import FAULTS, Fault, Scene

__all__ = ["FAULTS", "Fault", "Scene", "bodies", "framing", "statuses", "toolcalls", "transport"]
