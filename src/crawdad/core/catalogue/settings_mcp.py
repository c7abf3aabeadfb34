"""Servers of the Model Context Protocol: what the settings mean (see `catalogue.settings`)."""

_AT = "settings.mcp.servers.<id>"

MESSAGES: dict[str, tuple[str, str]] = {
    "settings.mcp": ("The Model Context Protocol.", "模型上下文协议（MCP）。"),
    _AT: ("A server whose tools agents may use.", "智能体可以使用其工具的服务器。"),
    f"{_AT}.enabled": ("Whether it is used.", "是否启用。"),
    f"{_AT}.command": (
        "The program to run; it speaks over its standard input and output.",
        "要运行的程序（通过标准输入输出通信）。",
    ),
    f"{_AT}.args": ("What the program is called with.", "程序的参数。"),
    f"{_AT}.env": (
        "Variables that the program gets. Of those of Crawdad it gets none but what programs need to run.",
        "传给程序的环境变量。除运行所必需的以外，程序不会得到 Crawdad 的任何环境变量。",
    ),
    f"{_AT}.cwd": ("The directory that the program runs in.", "程序的工作目录。"),
    f"{_AT}.url": ("Where a server is that is spoken to over HTTP.", "通过 HTTP 通信的服务器地址。"),
    f"{_AT}.headers": ("Headers that it gets.", "发送给服务器的请求头。"),
    f"{_AT}.connectTimeoutSeconds": ("How long it may take to begin.", "建立连接的超时时间（秒）。"),
    f"{_AT}.timeoutSeconds": ("How long a call may take.", "单次调用的超时时间（秒）。"),
    f"{_AT}.restarts": (
        "How often within ten minutes it is begun again.",
        "十分钟内最多重新启动的次数。",
    ),
    f"{_AT}.trust": (
        "`first-seen`: tools are used as they are first seen, and withheld when they change. `approved`: each waits until "
        "somebody approves (`crawdad mcp approve`).",
        "`first-seen`：首次见到的工具直接可用，发生变化后停用。`approved`：每个工具需经批准（`crawdad mcp approve`）后才可用。",
    ),
    f"{_AT}.oauth": (
        "Signing in to a server over HTTP (`crawdad mcp login`).",
        "登录 HTTP 服务器（`crawdad mcp login`）。",
    ),
    f"{_AT}.oauth.clientId": (
        "The client that was registered for Crawdad there. Left out, it registers itself.",
        "在其授权方为 Crawdad 注册的客户端；省略时自动注册。",
    ),
    f"{_AT}.oauth.clientSecret": ("The secret of that client.", "该客户端的密钥。"),
    f"{_AT}.oauth.scopes": (
        "What is asked for. Empty: what the server names.",
        "请求的权限范围；为空表示服务器给出的范围。",
    ),
    f"{_AT}.resources": (
        "Whether agents may read its resources (`mcp_resource`).",
        "智能体是否可以读取其资源（`mcp_resource`）。",
    ),
    f"{_AT}.prompts": (
        "Whether agents may read its prompts (`mcp_prompt`).",
        "智能体是否可以读取其提示（`mcp_prompt`）。",
    ),
    f"{_AT}.tools": (
        "Which of its tools are offered, `*` allowed. Empty: all.",
        "提供哪些工具，可含 `*`；为空表示全部。",
    ),
    f"{_AT}.readOnly": (
        "Whether its tools change nothing: then calls run side by side.",
        "其工具是否不产生任何更改；为是时调用可并行执行。",
    ),
}
