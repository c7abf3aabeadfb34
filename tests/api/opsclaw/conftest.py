"""Fixtures of the contract's tests."""

from tests.support.services import postgres_url, redis_prefix  # noqa: F401
from tests.support.upstreams.fixtures import scripted_upstream  # noqa: F401
