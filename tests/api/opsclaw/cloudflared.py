#!/usr/bin/env python3
"""Stands in for Cloudflare's program: prints what that prints, and notes how it was called (and who it was) in a file beside it.

What it does is told in `plan` beside it: `quick`, `named`, `unreachable`, `crash`, `silent`, `stubborn`.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
STAMP = "2026-01-27T08:00:00Z"


def say(level: str, text: str) -> None:
    print(f"{STAMP} {level} {text}", file=sys.stderr, flush=True)


def quick() -> None:
    say("INF", "Thank you for trying Cloudflare Tunnel. (https://www.cloudflare.com/website-terms/)")
    say("INF", "Requesting new quick Tunnel on trycloudflare.com...")
    line = "https://wizard-dad-contest.trycloudflare.com"
    width = 92
    say("INF", "+" + "-" * width + "+")
    say("INF", "|  " + "Your quick Tunnel has been created! Visit it at:".ljust(width - 2) + "|")
    say("INF", "|  " + line.ljust(width - 2) + "|")
    say("INF", "+" + "-" * width + "+")
    say("INF", "Registered tunnel connection connIndex=0 ip=198.41.192.57 location=fra03 protocol=quic")


def named() -> None:
    config: object = {
        "ingress": [
            {"hostname": "crawdad.example.com", "originRequest": {}, "service": "http://localhost:18789"},
            {"service": "http_status:404"},
        ]
    }
    say("INF", f"Updated to new configuration config={json.dumps(json.dumps(config))} version=3")


def main() -> int:
    if "--version" in sys.argv:
        print("cloudflared version 2025.10.0 (built 2025-10-14-1022 UTC)")
        return 0
    plan = (HERE / "plan").read_text().strip()
    call = {"argv": sys.argv[1:], "env": dict(os.environ), "pid": os.getpid()}
    with (HERE / "calls").open("a") as calls:
        calls.write(json.dumps(call) + "\n")
    if plan == "unreachable":
        reason = 'Post "https://api.trycloudflare.com/tunnel": dial tcp: lookup api.trycloudflare.com: no such host'
        say("ERR", f"failed to request quick Tunnel: {reason}")
        return 1
    if plan == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if plan == "named":
        named()
    elif plan != "silent":
        quick()
    if plan == "crash":
        return 7
    while True:
        time.sleep(60)


sys.exit(main())
