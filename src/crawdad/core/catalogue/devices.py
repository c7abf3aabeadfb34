"""Words about devices of the control channel. The English ones are those that its clients know."""

MESSAGES: dict[str, tuple[str, str]] = {
    "devices.refused": ("unauthorized", "未授权"),
    "devices.waits": ("pairing required", "需要配对"),
    "devices.unknown_request": ("unknown requestId", "未知的 requestId"),
    "devices.unknown": ("unknown deviceId", "未知的 deviceId"),
    "devices.unknown_role": ("unknown deviceId/role", "未知的 deviceId/role"),
    "devices.scope": ("missing scope: {scope}", "缺少权限范围：{scope}"),
    "devices.rotation_denied": (
        "device token rotation denied: a token cannot hold more than its device was given, or than you hold",
        "拒绝轮换设备令牌：令牌的权限不能超过设备被授予的权限，也不能超过你的权限",
    ),
}
