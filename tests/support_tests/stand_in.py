"""A stand-in for Crawdad with the interface of its command line: enough for the harnesses to be tested without it.

`python -m tests.support_tests.stand_in serve --home DIR` serves `/readyz` and hands every POST on to the provider named in
the request's model (`provider/model`, an alias of one, or an agent's that all have), counting nothing, translating nothing. `CRAWDAD_STAND_IN=crash` ends at once,
`deaf` is never ready and ignores SIGTERM.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import orjson
from aiohttp import ClientSession, web


async def _ready(request: web.Request) -> web.Response:
    return web.Response(status=503 if os.environ.get("CRAWDAD_STAND_IN") == "deaf" else 200)


async def _forward(request: web.Request) -> web.StreamResponse:
    if request.headers.get("authorization") != f"Bearer {os.environ['CRAWDAD_TOKEN']}":
        return web.json_response({"error": {"message": "wrong token"}}, status=401)
    body = orjson.loads(await request.read())
    models, agents = request.app[CONFIG]["models"], request.app[CONFIG].get("agents")
    asked = models.get("aliases", {}).get(body["model"], body["model"])
    asked = agents["defaults"]["model"] if agents and asked.startswith("agent:") else asked
    name, _, body["model"] = asked.partition("/")
    provider = models["providers"][name]
    url = provider["baseUrl"].removesuffix("/v1") + request.path
    headers = {"authorization": f"Bearer {provider['apiKey']}", "content-type": "application/json"}
    async with request.app[SESSION].post(url, data=orjson.dumps(body), headers=headers) as upstream:
        reply = web.StreamResponse(status=upstream.status, headers={"content-type": upstream.content_type})
        await reply.prepare(request)
        async for chunk in upstream.content.iter_any():
            await reply.write(chunk)
        return reply


CONFIG: web.AppKey[dict[str, Any]] = web.AppKey("config", dict)
SESSION = web.AppKey("session", ClientSession)


async def _serve(home: Path) -> None:
    app = web.Application(client_max_size=2**30)
    app[CONFIG] = orjson.loads((home / "openclaw.json").read_bytes())
    app.add_routes([web.get("/readyz", _ready), web.post("/{path:.*}", _forward)])
    runner = web.AppRunner(app, access_log=None)
    async with ClientSession(auto_decompress=False) as app[SESSION]:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", int(os.environ["CRAWDAD_PORT"])).start()
        print("stand-in ready", file=sys.stderr, flush=True)
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        if os.environ.get("CRAWDAD_STAND_IN") == "deaf":
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: None)
        await stop.wait()
        await runner.cleanup()


if __name__ == "__main__":
    if os.environ.get("CRAWDAD_STAND_IN") == "crash":
        sys.exit("crashed as told")
    asyncio.run(_serve(Path(sys.argv[sys.argv.index("--home") + 1])))
