"""`tools.loopDetection.*`: agents that go in circles."""

from __future__ import annotations

from pydantic import Field

from crawdad.core.section import Section


class LoopDetectors(Section):
    """`tools.loopDetection.detectors.*`."""

    generic_repeat: bool = True
    ping_pong: bool = True


class LoopDetectionSettings(Section):
    """`tools.loopDetection.*`: when an agent that goes in circles is told so, and when it is stopped."""

    enabled: bool = True
    history_size: int = Field(30, gt=0)
    warning_threshold: int = Field(4, gt=0)
    critical_threshold: int = Field(8, gt=0)
    global_circuit_breaker_threshold: int = Field(30, gt=0)
    detectors: LoopDetectors = LoopDetectors()
