"""`gateway.http.*`, `gateway.tools.*`, `hooks.*`: the doors to the agents."""

from __future__ import annotations

from crawdad.core.section import SecretValue, Section


class GatewayToolsSettings(Section):
    """`gateway.tools.*`: which tools `/tools/invoke` has."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


class HooksSettings(Section):
    """`hooks.*`: messages from other systems."""

    enabled: bool = False
    token: SecretValue | None = None
