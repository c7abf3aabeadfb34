"""Playing scenarios: on a stage of their own, or one after the other on one that they share."""

from __future__ import annotations

import itertools
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.drill.scenario import NotPossible, Outcome, Scenario, Setting
from tests.drill.stage import Stage, opened_stage
from tests.support.services import lacking


def play(scenario: Scenario, stage: Stage) -> Outcome:
    """Acknowledge some things, play, look whether they are kept. Raises AssertionError when it is not as it must be."""
    stage.begin()
    stage.witness.acknowledge()
    scenario.play(stage)
    outcome = stage.outcome(scenario)
    allowed = scenario.allowed * stage.patience
    assert outcome.seconds <= allowed, f"it took {outcome.seconds:.1f} s, and may take {allowed:g}"
    assert not outcome.kept.lost, outcome.kept.lost
    return outcome


class Company:
    """Gives scenarios their stage. Those that may be shared are opened once, and anew after a scenario that failed there. What takes
    up to `patience` times as long as it may has not failed."""

    def __init__(self, folder: Path, patience: float = 1.0) -> None:
        self._folder = folder
        self._patience = patience
        self._numbers = itertools.count(1)
        self._shared: dict[Setting, tuple[ExitStack, Stage]] = {}

    def play(self, scenario: Scenario) -> Outcome:
        """One scenario."""
        setting = scenario.setting
        if not setting.shared:
            with self._opened(setting) as stage:
                return play(scenario, stage)
        try:
            return play(scenario, self._stage_for(setting))
        except BaseException:
            self._leave(setting)
            raise

    def close(self) -> None:
        """All stages are over."""
        for setting in list(self._shared):
            self._leave(setting)

    def _stage_for(self, setting: Setting) -> Stage:
        if setting not in self._shared:
            stack = ExitStack()
            self._shared[setting] = stack, stack.enter_context(self._opened(setting))
        return self._shared[setting][1]

    @contextmanager
    def _opened(self, setting: Setting) -> Iterator[Stage]:
        with opened_stage(self._next_folder(), setting) as stage:
            stage.patience = self._patience
            yield stage

    def _leave(self, setting: Setting) -> None:
        if setting in self._shared:
            self._shared.pop(setting)[0].close()

    def _next_folder(self) -> Path:
        folder = self._folder / str(next(self._numbers))
        folder.mkdir()
        return folder


def played(scenarios: Sequence[Scenario], folder: Path) -> Iterator[tuple[Scenario, Outcome | NotPossible | str]]:
    """Each scenario with what it told, why it cannot be played here, or how it failed."""
    company = Company(folder)
    try:
        for scenario in scenarios:
            try:
                yield scenario, company.play(scenario)
            except NotPossible as error:
                yield scenario, error
            except Exception:  # the others are played nevertheless
                yield scenario, traceback.format_exc()
    finally:
        company.close()


def play_or_skip(company: Company, scenario: Scenario) -> Outcome:
    """For a test: skipped where the machine cannot do it, and failed there where services are required and it could."""
    try:
        return company.play(scenario)
    except NotPossible as error:
        if error.permitted:
            lacking(str(error))
        pytest.skip(str(error))
