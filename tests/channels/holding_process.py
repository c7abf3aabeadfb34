"""A process that runs a QQ account until it is killed: for `test_takeover`.

`python -m tests.channels.holding_process <database> <redis> <prefix> <OneBot address> <token>` says `connected` once it is.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from crawdad.adapters.channels import onebot
from crawdad.store.cluster import open_cluster
from tests.support.channel_stage import SteppedClock, channel_stage


def block(address: str, token: str) -> dict[str, Any]:
    """The configuration of the account."""
    return {"qq": {"wsUrl": address, "accessToken": token, "dmPolicy": "open", "allowFrom": ["*"]}}


async def main(database: str, redis: str, prefix: str, address: str, token: str) -> None:
    """Run it."""
    clock = SteppedClock()
    async with open_cluster(redis, clock, prefix) as cluster:
        shared: dict[str, Any] = {"cluster": cluster, "clock": clock, "runner": "holder"}
        async with channel_stage(database, block(address, token), kinds=[onebot.CHANNEL], **shared) as stage:
            await stage.connected()
            print("connected", flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
