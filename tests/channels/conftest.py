"""What all tests of channels share."""

from tests.support.services import database_url, postgres_url

__all__ = ["database_url", "postgres_url"]
