"""The paths of the contract. The models' own paths below `/v1` come before them, and none is claimed by both."""

OWNED = (
    "/login",
    "/v1/audit/",
    "/v1/auth/",
    "/v1/channels/",
    "/v1/gateway/",
    "/v1/heal/",
    "/v1/openclaw/",
    "/v1/proxy/",
    "/v1/settings/",
    "/v1/stats/",
    "/v1/system/",
    "/v1/tasks/",
    "/v1/wechat/",
    "/v1/ws/",
)
"""What errors on paths that begin so are worded for."""
CHAT = "/v1/openclaw/chat/completions"
"""The bodies here may be as long as those of `/v1/chat/completions`, whatever other requests may have."""
UPLOADS = ("/v1/openclaw/chat/upload", "/v1/openclaw/files/upload")
"""Files come here, as a stream."""
