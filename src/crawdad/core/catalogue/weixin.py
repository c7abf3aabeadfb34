"""Words about the channel to WeChat."""

MESSAGES: dict[str, tuple[str, str]] = {
    "weixin.not_signed_in": ("WeChat is not signed in: scan the QR code.", "微信尚未登录：请扫描二维码。"),
    "weixin.signed_out": (
        "WeChat has signed the bot out ({reason}); often because it was bound somewhere else. Scan the QR code again.",
        "微信已使机器人登出（{reason}），通常是因为在别处绑定。请重新扫描二维码。",
    ),
    "weixin.needs_inbound": (
        "WeChat lets a bot write only after somebody wrote to it: this waits for their next message.",
        "微信只允许机器人在对方发来消息之后发言：此内容将等到对方的下一条消息。",
    ),
    "weixin.no_upload": ("WeChat named no place for the file.", "微信没有给出文件的上传地址。"),
    "weixin.no_file": ("The message does not say where its file is.", "消息中没有文件的地址。"),
    "weixin.cannot_decrypt": ("The file cannot be decrypted.", "无法解密该文件。"),
}
