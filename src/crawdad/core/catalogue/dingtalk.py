"""Words about the channel to DingTalk."""

MESSAGES: dict[str, tuple[str, str]] = {
    "dingtalk.no_app": (
        "There is no app: set channels.dingtalk.clientId and clientSecret.",
        "尚未配置应用：请设置 channels.dingtalk.clientId 和 clientSecret。",
    ),
    "dingtalk.bad_secret": (
        "DingTalk does not accept the app's id and secret ({reason}).",
        "钉钉不接受该应用的 Client ID 和 Client Secret（{reason}）。",
    ),
    "dingtalk.cut": ("DingTalk ended the stream.", "钉钉断开了 Stream 连接。"),
    "dingtalk.flow_control": (
        "DingTalk holds messages to this person back: too many in a short time.",
        "钉钉暂时限制向此人发送消息：短时间内过多。",
    ),
    "dingtalk.nobody": ("DingTalk does not know this person.", "钉钉查无此人。"),
}
