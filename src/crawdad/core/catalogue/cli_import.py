"""Words of `crawdad import`."""

MESSAGES: dict[str, tuple[str, str]] = {}
