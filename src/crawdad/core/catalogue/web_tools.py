"""Words of the tools that read the web, and of what is wrong with a tool's arguments."""

MESSAGES: dict[str, tuple[str, str]] = {
    "arguments.missing": ("'{param}' is needed.", "缺少参数“{param}”。"),
    "arguments.type": ("'{param}' must be a {expected}.", "参数“{param}”的类型应为 {expected}。"),
    "arguments.too_long": ("'{param}' may have {most} characters at most.", "参数“{param}”最多 {most} 个字符。"),
    "arguments.too_many": ("'{param}' may have {most} entries at most.", "参数“{param}”最多 {most} 项。"),
    "arguments.choice": ("'{param}' may be: {choices}.", "参数“{param}”可以是：{choices}。"),
    "web.bad_url": ("'url' must begin with http:// or https://.", "“url”必须以 http:// 或 https:// 开头。"),
    "web.not_text": (
        "The address leads to '{media_type}', which is no text. Pictures are looked at with the image tool.",
        "该地址的内容类型为“{media_type}”，不是文本。图片请使用 image 工具查看。",
    ),
    "web.status": ("{host} answered with status {status}.", "{host} 返回状态码 {status}。"),
    "web.timeout": ("{host} takes too long.", "{host} 响应超时。"),
    "web.search_missing": (
        "No search service is configured. Set the key of one (for SearXNG its address) under tools.web.search: {services}.",
        "未配置搜索服务。请在 tools.web.search 下设置其中之一的密钥（SearXNG 则设置地址）：{services}。",
    ),
    "web.search_incomplete": (
        "The search service {service} lacks a setting: {path}.",
        "搜索服务 {service} 缺少设置：{path}。",
    ),
    "web.search_refused": (
        "The search service {service} answered with status {status}: {reason}",
        "搜索服务 {service} 返回状态码 {status}：{reason}",
    ),
    "web.search_timeout": ("The search service {service} takes too long.", "搜索服务 {service} 响应超时。"),
    "web.search_endless": (
        "The search service {service} searched again and again without an answer.",
        "搜索服务 {service} 反复搜索而没有给出回答。",
    ),
}
