"""Clients that ask the gateway without a pause while its application is replaced."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.support.server import Gateway
from tests.support.waiting import PATIENCE

_BODY = {"model": "crawdad/demo", "messages": [{"role": "user", "content": "Hello"}]}
_WAIT_SECONDS = 0.01


class Callers:
    """`answered` and `failed`: when a request began (monotonic seconds), and how it failed. Each has a connection of its own."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._enough = threading.Event()
        self.answered: list[float] = []
        self.failed: list[tuple[float, str]] = []

    def ask(self) -> None:
        """Again and again, until it is enough."""
        while not self._enough.wait(_WAIT_SECONDS):
            began = time.monotonic()
            try:
                answer = httpx.post(
                    f"{self._gateway.base_url}/v1/chat/completions",
                    json=_BODY,
                    headers=self._gateway.headers,
                    timeout=PATIENCE,
                )
            except httpx.HTTPError as error:
                self.failed.append((began, repr(error)))
                continue
            if answer.status_code == 200:
                self.answered.append(began)
            else:
                self.failed.append((began, answer.text))

    def failed_since(self, at: float) -> list[str]:
        """How requests failed that began after that time."""
        return [how for began, how in self.failed if began > at]

    def stop(self) -> None:
        """It is enough."""
        self._enough.set()


@contextmanager
def calling(gateway: Gateway, count: int = 3) -> Iterator[Callers]:
    """So many of them, meanwhile."""
    callers = Callers(gateway)
    threads = [threading.Thread(target=callers.ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield callers
    finally:
        callers.stop()
        for thread in threads:
            thread.join()
