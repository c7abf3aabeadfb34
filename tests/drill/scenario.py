"""What a scenario is, and what its play told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from tests.drill.stage import Stage
    from tests.support.scripted_model import ScriptedModel


class Words(NamedTuple):
    """A text of the document in both of its languages."""

    en: str
    zh: str


HEALTHY = Words("healthy", "恢复健康")
SAFE_MODE = Words("safe mode", "安全模式")
NOT_STARTED = Words("not started, and says why", "不启动，并说明原因")


@dataclass(frozen=True)
class Setting:
    """What a scenario wants of its stage: `config` (sections of settings) and `environment` beside the usual ones; `home`: a
    context that yields the home directory in a new folder (a disk of its own); `command` goes before that of `crawdad up`;
    `around`: what else is there meanwhile, in the folder. `shared`: scenarios of the same setting play one after the other on one
    stage."""

    config: Callable[[Path, ScriptedModel], Mapping[str, Any]] = lambda folder, model: {}
    environment: Callable[[Path], Mapping[str, str]] = lambda folder: {}
    home: Callable[[Path], AbstractContextManager[Path]] = nullcontext
    command: Callable[[Path], tuple[str, ...]] = lambda folder: ()
    around: Callable[[Path], AbstractContextManager[object]] = nullcontext
    shared: bool = False


USUAL = Setting(shared=True)


@dataclass(frozen=True)
class Scenario:
    """One fault. `play` brings it about with what is before it, tells the stage when it strikes and what it ends in, and asserts what
    must be seen. `allowed`: seconds until the end, generous.
    `fault`, `seen`, `done` are what the document says of it; `play` asserts that they are so."""

    name: str
    fault: Words
    seen: Words
    done: Words
    allowed: float
    play: Callable[[Stage], None]
    ending: Words = HEALTHY
    setting: Setting = USUAL


@dataclass
class Kept:
    """Of what was acknowledged before the fault: how much there was, and what is not there afterwards, or there twice."""

    exchanges: int = 0
    messages: int = 0
    runs: int = 0
    lost: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What a play told. `seconds` from the fault to the end; `restarts` of the application meanwhile."""

    scenario: Scenario
    seconds: float
    restarts: int
    kept: Kept


def drill(
    *,
    fault: tuple[str, str],
    seen: tuple[str, str],
    done: tuple[str, str],
    allowed: float,
    ending: Words = HEALTHY,
    setting: Setting = USUAL,
) -> Callable[[Callable[[Stage], None]], Scenario]:
    """Makes the decorated function a scenario of its name."""

    def made(play: Callable[[Stage], None]) -> Scenario:
        return Scenario(play.__name__, Words(*fault), Words(*seen), Words(*done), allowed, play, ending, setting)

    return made


class NotPossible(Exception):
    """A scenario cannot be played on this machine. `permitted` False: nothing that is installed would change that."""

    def __init__(self, reason: str, *, permitted: bool = True) -> None:
        super().__init__(reason)
        self.permitted = permitted
