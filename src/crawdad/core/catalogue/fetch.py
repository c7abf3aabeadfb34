"""Words about fetching what a request names by URL."""

MESSAGES: dict[str, tuple[str, str]] = {
    "fetch.unreachable": (
        "The content at '{host}' that the request names could not be fetched: {reason}",
        "无法获取请求中引用的“{host}”上的内容：{reason}",
    ),
    "fetch.too_many": (
        "The request names more than {most} URLs to be fetched.",
        "请求中需要获取的 URL 超过 {most} 个。",
    ),
    "fetch.too_large": (
        "What the request names by URL is larger than {most} bytes in all.",
        "请求中以 URL 引用的内容总计超过 {most} 字节。",
    ),
    "fetch.other_kind": (
        "A URL was given for content of kind '{kind}', but leads to content of type '{media_type}'.",
        "某个 URL 应指向“{kind}”类型的内容，实际内容的类型为“{media_type}”。",
    ),
}
