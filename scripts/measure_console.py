"""How the web console does in a real browser: `python -m scripts.measure_console [--only NAME] [--rounds N]`.

Starts a gateway of its own in an empty home, signs in with Debian's Chromium (Playwright, as the console's tests do) and prints
a table: the largest paint of the overview (`paint`), frames while the log and the requests are scrolled (`logs`, `requests`),
the terminal under a flood (`terminal`), and memory of a tab in which a day passes (`day`). Run it in the repository's root
after `make ui`. Nothing passes or fails.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import psutil
from tests.support.browser import Window, running_browser
from tests.support.server import Gateway, running_gateway, settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession

LINES = 10_000
REQUESTS = 3_000
FRAMES = 600
STEP = 100
"""Pixels for each frame: at 60 frames some 200 lines of the log in a second."""
SHELL_BYTES = 1_000_000
"""What the prompt lets through of one command is a mebibyte."""
FLOOD_MB = 20
HOUR_MS = 3_600_000
A_ROUND = {"requests": 100, "lines": 300, "turns": 3}
"""What happens in each hour of the day."""
MIB = 2**20

_SOCKETS = """
window.__sockets = {};
window.WebSocket = class extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols);
    window.__sockets[new URL(url, location.href).pathname] = this;
  }
};
"""
"""The newest socket of each path, so that it can be broken or spoken through."""
_PAINT = """() => new Promise((resolve) => {
  let last = 0;
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) last = entry.startTime; })
    .observe({ type: 'largest-contentful-paint', buffered: true });
  setTimeout(() => resolve(last), 500);
})"""
_SCROLL = """([frames, step]) => new Promise((resolve) => {
  const box = document.querySelector('main section[tabindex="0"]');
  const gaps = [];
  let before = 0, at = 0;
  box.scrollTop = 0;
  const next = (now) => {
    if (before) gaps.push(now - before);
    before = now;
    if (gaps.length >= frames) return resolve(gaps);
    box.scrollTop = at += step; // reading it would cost a layout
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})"""
_SHOWN = """(mark) => new Promise((resolve) => {
  const look = () => document.querySelector('.xterm-rows').textContent.includes(mark)
    ? resolve(performance.now()) : requestAnimationFrame(look);
  look();
})"""
_FLOOD = """async ([megabytes, piece]) => {
  const socket = window.__sockets['/v1/ws/shell'];
  const fox = 'the quick brown fox jumps over the lazy dog '.repeat(2);
  const line = (n) => `\\u001b[32m${String(n).padStart(8, '0')}\\u001b[0m ${fox}\\r\\n`;
  let text = '';
  for (let n = 0; text.length < 1_000_000; n += 1) text += line(n);
  const bytes = new TextEncoder().encode(text);
  const speak = (data) => socket.dispatchEvent(new MessageEvent('message', { data }));
  let longest = 0, before = performance.now(), over = false;
  const began = before;
  const watch = (now) => { longest = Math.max(longest, now - before); before = now; if (!over) requestAnimationFrame(watch); };
  requestAnimationFrame(watch);
  let sent = 0;
  while (sent < megabytes * 1e6) {
    for (let at = 0; at < bytes.length; at += piece) speak(bytes.slice(at, at + piece).buffer);
    sent += bytes.length;
    await new Promise((resolve) => setTimeout(resolve));
  }
  speak(new TextEncoder().encode('the flood is over').buffer);
  await new Promise((resolve) => {
    const look = () => document.querySelector('.xterm-rows').textContent.includes('the flood is over')
      ? resolve() : requestAnimationFrame(look);
    look();
  });
  over = true;
  return { seconds: (performance.now() - began) / 1000, bytes: sent, longest };
}"""


@dataclass
class Stage:
    """What all measurements use. `say` adds a row to the table."""

    browser: Browser
    gateway: Gateway
    folder: Path
    rounds: int
    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def say(self, what: str, found: str, goal: str = "–") -> None:
        print(f"| {what} | {found} | {goal} |", flush=True)
        self.rows.append((what, found, goal))

    def worked(self) -> float:
        """Seconds of the processor that the gateway has used."""
        return sum(psutil.Process(self.gateway.pid).cpu_times()[:2])

    @contextmanager
    def window(self, **look: Any) -> Iterator[Window]:
        """A tab of its own, closed afterwards."""
        window = Window(self.browser, self.gateway, **look)
        try:
            yield window
        finally:
            window.close()

    def ask(self, count: int, model: str = "crawdad/demo") -> None:
        """Requests of a client, one after the other."""
        body = json.dumps({"model": model, "user": "ann", "messages": [{"role": "user", "content": "Hello"}]})
        connection = HTTPConnection("127.0.0.1", self.gateway.port, timeout=30)
        for _ in range(count):
            headers = {"content-type": "application/json", **self.gateway.headers}
            connection.request("POST", "/v1/chat/completions", body, headers)
            connection.getresponse().read()
        connection.close()

    def write_lines(self, count: int) -> None:
        """Lines into the process's log."""
        with (self.folder / "crawdad.log").open("a") as log:
            for number in range(count):
                line = {"timestamp": "2026-11-29T10:00:00Z", "level": "info", "logger": "measure", "number": number}
                log.write(json.dumps({**line, "event": f"line {number} of the log, as long as such lines are"}) + "\n")


def paint(stage: Stage) -> None:
    """The overview of somebody who is signed in: with an empty cache, and again."""
    with stage.window() as window:
        window.sign_in("/")
        signed_in = window.context.storage_state()
    cold, warm, page_work, gateway_work = [], [], [], []
    for _ in range(5):
        with stage.window(storage_state=signed_in) as window:
            session, worked = _session(window), stage.worked()
            for times in (cold, warm):
                page = window.open("/")
                window.settled()
                if times is cold:
                    page_work.append(_work(session))
                    gateway_work.append(stage.worked() - worked)
                times.append(page.evaluate(_PAINT))
    for name, times in (("nothing in the cache", cold), ("opened again", warm)):
        found = f"{statistics.median(times):,.0f} ms ({min(times):,.0f} to {max(times):,.0f})"
        stage.say(f"largest paint of the overview, {name}", found, "< 1,500 ms")
    spent = (
        f"{statistics.median(page_work) * 1000:,.0f} ms of the page, {statistics.median(gateway_work) * 1000:,.0f} ms"
    )
    stage.say("processor time until all of it is there, nothing in the cache", f"{spent} of the gateway")


def _session(window: Window) -> CDPSession:
    """Chromium's own figures, times being those of the processor: on a busy machine the clock says little."""
    session = window.context.new_cdp_session(window.page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    return session


def _metrics(session: CDPSession) -> dict[str, float]:
    return {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}


def _work(session: CDPSession) -> float:
    """Seconds that the page's thread has worked so far."""
    return _metrics(session)["TaskDuration"]


def _scrolled(stage: Stage, window: Window, name: str) -> None:
    session = _session(window)
    before = _work(session)
    gaps: list[float] = window.page.evaluate(_SCROLL, [FRAMES, STEP])
    work = (_work(session) - before) / len(gaps) * 1000
    late = sum(gap > 25 for gap in gaps) / len(gaps)
    found = f"{1000 * len(gaps) / sum(gaps):.1f} frames/s, {late:.1%} of them late, the longest {max(gaps):.0f} ms"
    stage.say(f"{name}: frames", found, "60 frames/s")
    stage.say(f"{name}: processor time of the page for each frame", f"{work:.1f} ms", "< 16.7 ms")


def logs(stage: Stage) -> None:
    """The log with all the lines that the page keeps."""
    with stage.window() as window:
        page = window.sign_in("/logs")
        page.get_by_role("button", name="Pause").wait_for()
        for _ in range(4):  # no more than one look takes at a time
            stage.write_lines(LINES // 4)
            page.wait_for_timeout(1500)
        page.get_by_role("button", name="Pause").click()
        rows = page.locator("main table").get_attribute("aria-rowcount")
        _scrolled(stage, window, f"log of {int(rows or 1) - 1:,} lines scrolled by {STEP} pixels a frame")


def requests(stage: Stage) -> None:
    """The table of requests, which fetches its pages on the way."""
    stage.ask(REQUESTS)
    with stage.window() as window:
        window.sign_in("/requests")
        _scrolled(stage, window, f"{REQUESTS:,} requests scrolled likewise, page by page from the gateway")


def terminal(stage: Stage) -> None:
    """The prompt with a large file, and the component alone under what would be many of those."""
    with stage.window() as window:
        window.page.add_init_script(_SOCKETS)
        page = window.sign_in("/terminal")
        page.get_by_role("button", name="Commands").click()
        page.get_by_label("Commands", exact=True).get_by_text("Connected").wait_for()
        page.keyboard.type(f"cat {stage.folder / 'large.txt'}")
        page.locator(".xterm-rows").get_by_text("large.txt").first.wait_for()
        worked = stage.worked()
        began = page.evaluate("performance.now()")
        page.keyboard.press("Enter")
        seconds = (page.evaluate(_SHOWN, "the end of the file") - began) / 1000
        spent = stage.worked() - worked
        words = f"{SHELL_BYTES / 1e6 / seconds:.1f} MB/s, {spent:.2f} s of the gateway's processor time"
        stage.say("`cat` of a megabyte at the prompt", words, "5 MB/s")
        session = _session(window)
        before = _work(session)
        found = page.evaluate(_FLOOD, [FLOOD_MB, 2048])
        alone = found["bytes"] / 1e6 / (_work(session) - before)
        rate = found["bytes"] / 1e6 / found["seconds"]
        words = f"{rate:.1f} MB/s, the page was held for {found['longest']:.0f} ms at most"
        stage.say(f"{FLOOD_MB} MB straight into its socket's listener, 2 KB each", words, "5 MB/s")
        stage.say("the same for each second of processor time", f"{alone:.1f} MB", "5 MB")


@dataclass(frozen=True)
class Held:
    """What a tab holds once its garbage is collected."""

    heap: float
    nodes: int
    listeners: int

    def __str__(self) -> str:
        return f"{self.heap / MIB:.1f} MiB, {self.nodes:,} nodes, {self.listeners:,} listeners"


def day(stage: Stage) -> None:
    """Hours in fast motion: in each of them every page, requests, log lines, an agent's turn and a broken connection."""
    received = 0

    def heard(_: object) -> None:
        nonlocal received
        received += 1

    with stage.window() as window:
        page = window.page
        window.expected.append("WebSocket")
        page.add_init_script(_SOCKETS)
        page.on("websocket", lambda socket: socket.on("framereceived", heard))
        page.clock.install()
        window.sign_in("/")
        session = _session(window)
        links = page.get_by_role("navigation", name="Navigation").get_by_role("link")
        changes, held = 0, []
        for _ in range(stage.rounds):
            for place in range(links.count()):
                links.nth(place).click()
                window.settled()
                _meanwhile(stage, page.url.rpartition("/")[2])
                changes += 1
            links.nth(0).click()
            page.evaluate("window.__sockets['/'].close()")
            page.locator("header [data-connection=open]").wait_for(state="detached")
            page.clock.fast_forward(HOUR_MS)
            window.settled()
            held.append(_held(window, session))
            _tell(f"  {held[-1]}, {received:,} messages")
        first, middle, last = held[0], held[len(held) // 2], held[-1]
        events = ", ".join(f"{stage.rounds * count:,} {name}" for name, count in A_ROUND.items())
        what = f"{stage.rounds} hours in a tab ({changes:,} changes of page, {received:,} messages, {events})"
        stage.say(f"{what}: after the first", str(first))
        stage.say("in the middle", str(middle))
        stage.say("at the end", str(last), "no more than in the middle")
        for complaint in window.complaints:
            _tell(f"  the browser complained: {complaint}")


def _meanwhile(stage: Stage, page: str) -> None:
    """What happens under the eyes of whoever looks at a page."""
    if page == "requests":
        stage.ask(A_ROUND["requests"])
    elif page == "logs":
        stage.write_lines(A_ROUND["lines"])
    elif page == "chat":
        stage.ask(A_ROUND["turns"], "openclaw")


def _held(window: Window, session: CDPSession) -> Held:
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    found = _metrics(session)
    return Held(found["JSHeapUsedSize"], int(found["Nodes"]), int(found["JSEventListeners"]))


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


MEASURES: dict[str, Callable[[Stage], None]] = {
    "paint": paint,
    "logs": logs,
    "requests": requests,
    "terminal": terminal,
    "day": day,
}


def main() -> None:
    """Start, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=list(MEASURES), action="append")
    parser.add_argument("--rounds", type=int, default=24)
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="crawdad-measure-") as name:
        folder = Path(name)
        line = "the quick brown fox jumps over the lazy dog " * 2 + "\n"
        (folder / "large.txt").write_text(line * (SHELL_BYTES // len(line)) + "the end of the file\n")
        shell = {"enabled": True, "commands": [f"cat {folder / 'large.txt'}"]}
        config = settings({}, logging={"file": str(folder / "crawdad.log")}, gateway={"shell": shell})
        print(
            f"load average {os.getloadavg()[0]:.1f}, {time.strftime('%Y-%m-%d')}\n\n| what | measured | goal |\n|---|---|---|"
        )
        with running_gateway(config) as gateway, running_browser() as browser:
            stage = Stage(browser, gateway, folder, arguments.rounds)
            for each in arguments.only or MEASURES:
                MEASURES[each](stage)
        print(f"\nload average {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
