"""One stage for the scenarios of a module that share it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.drill.play import Company


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    found = Company(tmp_path_factory.mktemp("drill"), patience=4.0)  # other tests run meanwhile
    yield found
    found.close()
