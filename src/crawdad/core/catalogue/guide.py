"""Words of the REST interface `/api/v1`."""

MESSAGES: dict[str, tuple[str, str]] = {
    "guide.version": (
        "Version '{version}' of the interface is not served; there is 1.0.",
        "不支持接口版本“{version}”；可用版本为 1.0。",
    ),
    "guide.limit": ("No more than {limit} {unit} a minute.", "每分钟最多 {limit} {unit}。"),
    "guide.limit.requests": ("requests", "个请求"),
    "guide.limit.tokens": ("tokens", "个 Token"),
    "guide.limit.context": ("tokens of context", "个上下文 Token"),
    "guide.details.key": (
        "Send a valid API key in the header `Authorization: Bearer …`.",
        "请在请求头 `Authorization: Bearer …` 中提供有效的 API 密钥。",
    ),
    "guide.details.retry": ("Try again in {seconds} seconds.", "请在 {seconds} 秒后重试。"),
    "guide.details.field": ("The field at fault is '{param}'.", "有问题的字段是“{param}”。"),
    "guide.details.code": ("Reason: {code}.", "原因：{code}。"),
    "guide.empty_message": ("'{param}' is empty.", "“{param}”为空。"),
    "guide.bad_content": (
        "'{param}' is text, or a list of parts of type `text` or `image`.",
        "“{param}”应为文本，或由 `text`、`image` 类型组成的列表。",
    ),
    "guide.bad_role": (
        "'{param}' is `user`, `assistant` or `system`; a new message is the user's.",
        "“{param}”应为 `user`、`assistant` 或 `system`；新消息须来自 `user`。",
    ),
}
