"""Words of the tools for pictures and for messages."""

MESSAGES: dict[str, tuple[str, str]] = {
    "media.no_file": ("There is no file '{path}' in the workspace.", "工作区中没有文件“{path}”。"),
    "media.no_picture": ("'{source}' is no picture.", "“{source}”不是图片。"),
    "media.too_large": ("It is larger than {most} bytes.", "内容超过 {most} 字节。"),
    "media.model_timeout": ("The model {model} takes too long.", "模型 {model} 响应超时。"),
    "media.no_image_model": (
        "No model is set that looks at pictures (agents.defaults.imageModel).",
        "未设置用于查看图片的模型（agents.defaults.imageModel）。",
    ),
    "media.no_drawing_model": (
        "No model is set that draws pictures. Name one as 'model'.",
        "没有可用于绘图的模型。请通过“model”指定。",
    ),
    "messages.no_channels": (
        "No channel is connected, so there is nobody to send a message to.",
        "尚未连接任何消息渠道，无法发送消息。",
    ),
    "messages.no_channel": (
        "There is no channel '{channel}'. Connected are: {channels}.",
        "没有渠道“{channel}”。已连接的有：{channels}。",
    ),
    "messages.no_route": (
        "This conversation has no channel of its own; name one as '{param}': {channels}.",
        "当前会话没有对应的渠道；请通过“{param}”指定：{channels}。",
    ),
    "messages.other_context": (
        "Somebody who writes over a channel cannot have messages sent to others; only the owner can.",
        "通过渠道发言的人不能让智能体向其他人发送消息；只有所有者可以。",
    ),
}
