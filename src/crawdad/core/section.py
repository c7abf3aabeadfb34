"""What sections of the settings are made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from crawdad.core.secret import Secret


def _to_secret(value: Any) -> Any:
    return Secret(value) if isinstance(value, str) else value


SecretValue = Annotated[Secret, BeforeValidator(_to_secret)]


class Section(BaseModel):
    """A part of the settings: frozen, camelCase in the file, extra keys ignored (the configuration reader reports them)."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, populate_by_name=True, extra="ignore", arbitrary_types_allowed=True
    )
