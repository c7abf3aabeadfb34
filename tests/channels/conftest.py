"""What all tests of channels share."""

from pathlib import Path

import pytest

from tests.support.services import database_url as any_database_url
from tests.support.services import postgres_url

__all__ = ["any_database_url", "postgres_url"]


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """A file: what the store makes of other databases is the store's own matter (`tests/store`), and one test's here."""
    return f"sqlite:///{tmp_path}/channels.db"
