"""Words about the channel to WeChat through wechatbot-webhook."""

MESSAGES: dict[str, tuple[str, str]] = {
    "wechat.no_bridge": (
        "Set channels.wechat.apiUrl and token (the bridge's LOGIN_API_TOKEN).",
        "请设置 channels.wechat.apiUrl 和 token（网桥的 LOGIN_API_TOKEN）。",
    ),
    "wechat.token_refused": ("The bridge refuses the token.", "网桥拒绝了令牌。"),
    "wechat.not_signed_in": (
        "WeChat is not signed in at the bridge: scan the QR code.",
        "网桥上的微信尚未登录：请扫描二维码。",
    ),
    "wechat.callback_refused": (
        "This post does not carry the secret of channels.wechat.callbackSecret, and does not come from callbackFrom.",
        "该回调没有携带 channels.wechat.callbackSecret，来源也不在 callbackFrom 之内。",
    ),
    "wechat.unnamed": (
        "The bridge finds people by remark or name, and this id is neither: this waits for their next message.",
        "网桥只能按备注名或昵称查找联系人，而此 ID 两者都不是：此内容将等到对方的下一条消息。",
    ),
    "wechat.no_groups": ("WeChat offers no groups to this account.", "微信没有向此账号提供群聊。"),
    "wechat.no_code": ("The bridge shows no QR code.", "网桥没有给出二维码。"),
    "wechat.no_sign_out": (
        "The bridge cannot sign WeChat out: do so on the phone.",
        "网桥无法退出微信登录：请在手机上操作。",
    ),
    "wechat.no_file": ("This is no file.", "这不是文件。"),
}
