"""A server made with the `mcp` package that wants to be signed in to: `python granting_mcp_server.py PORT JOURNAL`.

It grants access itself. Consent is given at once to whoever opens the page. JOURNAL gets a line of JSON for every grant, so that
tests see what was sent. Access tokens are good for `LIFE` seconds (a variable), refresh tokens once.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from pathlib import Path
from typing import Any

from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    IdentityAssertionParams,
    RefreshToken,
    TokenError,
    construct_redirect_uri,
)
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions
from mcp.server.mcpserver import MCPServer
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

LIFE = int(os.environ.get("LIFE", "3600"))


class Granter:
    """`mcp.server.auth.provider.OAuthAuthorizationServerProvider` in memory."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._clients: dict[str, OAuthClientInformationFull] = {}
        self._codes: dict[str, AuthorizationCode] = {}
        self._access: dict[str, AccessToken] = {}
        self._refresh: dict[str, RefreshToken] = {}

    def _note(self, what: str, **values: Any) -> None:
        with self._journal.open("a") as file:
            file.write(json.dumps({"what": what, **values}) + "\n")

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        return self._clients.get(client_id)

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        assert client_info.client_id
        self._clients[client_info.client_id] = client_info
        self._note("registered", redirect_uris=[str(uri) for uri in client_info.redirect_uris or ()])

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        code = secrets.token_urlsafe(24)
        assert client.client_id
        self._codes[code] = AuthorizationCode(
            code=code,
            scopes=params.scopes or [],
            expires_at=time.time() + 60,
            client_id=client.client_id,
            code_challenge=params.code_challenge,
            redirect_uri=params.redirect_uri,
            redirect_uri_provided_explicitly=params.redirect_uri_provided_explicitly,
            resource=params.resource,
        )
        self._note("consented", resource=params.resource, scopes=params.scopes)
        return construct_redirect_uri(str(params.redirect_uri), code=code, state=params.state)

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> AuthorizationCode | None:
        return self._codes.get(authorization_code)

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        self._codes.pop(authorization_code.code)
        self._note("granted", resource=authorization_code.resource)
        return self._tokens(authorization_code.client_id, authorization_code.scopes)

    async def load_refresh_token(self, client: OAuthClientInformationFull, refresh_token: str) -> RefreshToken | None:
        return self._refresh.get(refresh_token)

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: RefreshToken, scopes: list[str]
    ) -> OAuthToken:
        if self._refresh.pop(refresh_token.token, None) is None:
            raise TokenError("invalid_grant")
        self._note("renewed")
        return self._tokens(refresh_token.client_id, scopes)

    async def load_access_token(self, token: str) -> AccessToken | None:
        found = self._access.get(token)
        return found if found is not None and (found.expires_at or 0) > time.time() else None

    async def revoke_token(self, token: AccessToken | RefreshToken) -> None:
        self._access.pop(token.token, None)

    async def exchange_identity_assertion(
        self, client: OAuthClientInformationFull, params: IdentityAssertionParams
    ) -> OAuthToken:
        raise TokenError("unsupported_grant_type")

    def _tokens(self, client_id: str, scopes: list[str]) -> OAuthToken:
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self._access[access] = AccessToken(
            token=access, client_id=client_id, scopes=scopes, expires_at=int(time.time() + LIFE)
        )
        self._refresh[refresh] = RefreshToken(token=refresh, client_id=client_id, scopes=scopes)
        return OAuthToken(access_token=access, token_type="Bearer", expires_in=LIFE, refresh_token=refresh)


def main() -> None:
    port = int(sys.argv[1])
    root = f"http://127.0.0.1:{port}"
    auth = AuthSettings.model_validate(
        {
            "issuer_url": root,
            "resource_server_url": f"{root}/mcp",
            "required_scopes": ["notes"],
            "client_registration_options": ClientRegistrationOptions(
                enabled=True, valid_scopes=["notes"], default_scopes=["notes"]
            ),
        }
    )
    server = MCPServer("granting", auth_server_provider=Granter(Path(sys.argv[2])), auth=auth)

    def secret() -> str:
        return "the secret of the shelf"

    server.add_tool(secret, name="secret", description="Tells a secret.")
    server.run("streamable-http", host="127.0.0.1", port=port)


if __name__ == "__main__":
    main()
