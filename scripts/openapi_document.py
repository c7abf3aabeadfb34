"""`ui/openapi.json`: the management routes, for the web console's client."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any
from unittest.mock import MagicMock

_OF_STAND_INS = ("args", "kwargs")
"""What FastAPI takes for parameters of a dependency that is a stand-in."""


def document() -> str:
    """The document. No gateway is needed: routes are only described, whatever stands behind them."""
    from crawdad.api.buddy.context import Buddy
    from crawdad.api.buddy.contract import buddy_contract
    from crawdad.api.clawpanel.context import ClawPanel
    from crawdad.api.clawpanel.contract import clawpanel_contract
    from crawdad.api.console.context import Console
    from crawdad.api.console.contract import console_contract
    from crawdad.api.guide.context import Guide
    from crawdad.api.guide.contract import guide_contract
    from crawdad.api.guide.cron import Cron, cron_contract
    from crawdad.api.management.application import make_application
    from crawdad.api.opsclaw.context import OpsClaw
    from crawdad.api.opsclaw.contract import opsclaw_contract

    contracts = [
        guide_contract(_stand_in(Guide)),
        cron_contract(_stand_in(Cron)),
        console_contract(_stand_in(Console)),
        clawpanel_contract(_stand_in(ClawPanel)),
        buddy_contract(_stand_in(Buddy)),
        opsclaw_contract(_stand_in(OpsClaw)),
    ]
    found = make_application(contracts).openapi()
    found["info"]["version"] = "1"  # of the description: it changes with the routes, not with every release
    for path in found["paths"].values():
        for operation in path.values():
            parameters = [each for each in operation.get("parameters", []) if each["name"] not in _OF_STAND_INS]
            operation.pop("parameters", None)
            if parameters:
                operation["parameters"] = parameters
    return json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _stand_in(context: type[Any]) -> Any:
    return context(**{field.name: MagicMock() for field in fields(context)})
