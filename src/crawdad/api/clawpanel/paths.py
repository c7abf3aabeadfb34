"""The paths of the contract. OpsClaw's stand among them: no path is claimed by both, but `/api/system/` is shared."""

OWNED = (
    "/api/auth/login",
    "/api/auth/ticket",
    "/api/status",
    "/api/events",
    "/api/napcat/",
    "/api/bot/",
    "/api/wechat/",
    "/api/openclaw/",
    "/api/admin/",
    "/api/requests",
    "/api/workspace/",
    "/api/system/admin-token",
    "/api/system/backup",
    "/api/system/check-update",
    "/api/system/clawhub-sync",
    "/api/system/cron",
    "/api/system/do-update",
    "/api/system/docs",
    "/api/system/env",
    "/api/system/identity-docs",
    "/api/system/restart-gateway",
    "/api/system/restore",
    "/api/system/skills",
    "/api/system/sudo-password",
    "/api/system/update-status",
    "/api/system/version",
)
"""What errors on paths that begin so are worded for."""

UPLOAD = "/api/workspace/upload"
"""Where bodies may be as long as files are."""
