"""Words about stored and background responses."""

MESSAGES: dict[str, tuple[str, str]] = {
    "responses.not_found": ("Response with id '{id}' not found.", "未找到 id 为“{id}”的响应。"),
    "responses.not_background": (
        "Only responses created with background=true can be cancelled or streamed again.",
        "只有以 background=true 创建的响应才能取消或重新流式获取。",
    ),
    "responses.interrupted": (
        "The gateway was restarted while this response was being made.",
        "网关在生成此响应期间重启，响应已中断。",
    ),
    "responses.store_needed": (
        "A background response must be stored: do not send store=false with background=true.",
        "后台响应必须存储：background=true 时不能使用 store=false。",
    ),
    "responses.no_conversations": (
        "Conversation objects are not offered. Use previous_response_id, or send the whole input.",
        "不支持 conversation 对象。请使用 previous_response_id，或发送完整输入。",
    ),
    "responses.too_many": ("Too many background responses are running.", "正在运行的后台响应过多。"),
}
