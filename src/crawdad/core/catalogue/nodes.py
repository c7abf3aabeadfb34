"""Words about nodes. The English ones are those that clients of the control channel know."""

MESSAGES: dict[str, tuple[str, str]] = {
    "nodes.unknown": ("unknown nodeId", "未知的 nodeId"),
    "nodes.other_node": ("nodeId mismatch", "nodeId 不匹配"),
    "nodes.not_connected": ("node not connected", "节点未连接"),
    "nodes.not_allowed": ("node command not allowed", "不允许该节点命令"),
    "nodes.failed": ("{reason}", "{reason}"),
    "nodes.too_many": ("Too many commands are on their way to nodes.", "正在执行的节点命令过多。"),
    "nodes.postponed": ("node command queued until iOS returns to foreground", "节点命令已排队，等待 iOS 回到前台"),
    "nodes.none_of_that_name": (
        "No connected node is called '{name}'. Connected: {known}.",
        "没有名为“{name}”的已连接节点。已连接：{known}。",
    ),
    "nodes.several_of_that_name": (
        "Several nodes are called '{name}': name its id.",
        "有多个节点名为“{name}”，请使用其 id。",
    ),
    "nodes.bad_variable": ("Variables are written NAME=value.", "变量须写成 NAME=value。"),
    "nodes.run_by_itself": ("To run a program, use the action run.", "运行程序请使用 action run。"),
    "speech.nobody": (
        "No provider has a model that speaks (tts).",
        "没有服务商拥有语音合成（tts）模型。",
    ),
    "speech.no_provider": (
        "This provider cannot speak. Those that can: {known}.",
        "该服务商无法合成语音，可用的有：{known}。",
    ),
    "nodes.no_name": ("displayName required", "需要 displayName"),
    "nodes.own_method": (
        "node.invoke does not allow system.execApprovals.*; use exec.approvals.node.*",
        "node.invoke 不允许 system.execApprovals.*；请使用 exec.approvals.node.*",
    ),
    "nodes.no_command": ("command required: the program and its arguments", "需要 command：程序及其参数"),
    "nodes.other_command": ("rawCommand does not match command", "rawCommand 与 command 不一致"),
    "nodes.no_approval": ("approval override requires params.runId", "声明已获批准时必须提供 params.runId"),
    "nodes.unknown_approval": ("unknown or expired approval id", "审批标识未知或已过期"),
    "nodes.foreign_approval": ("approval id not valid for this client", "该审批标识不属于此客户端"),
    "nodes.other_run": ("approval id does not match request", "审批与此次请求不一致"),
    "nodes.approval_over": (
        "approval was not given, was used already, or is over",
        "审批未获通过、已被使用或已失效",
    ),
    "control.node.list": (
        "The nodes: those that are connected, and others that were let in.",
        "节点列表：已连接的及已配对的。",
    ),
    "control.node.describe": ("One node.", "单个节点的信息。"),
    "control.node.rename": ("Call a node otherwise.", "重命名节点。"),
    "control.node.pair.request": (
        "Have a node wait to be let in before it comes, by its id.",
        "在节点连接之前，按其标识发起配对请求。",
    ),
    "control.node.pair.list": ("Nodes that wait and nodes that were let in.", "等待配对与已配对的节点。"),
    "control.node.pair.approve": ("Let a node in.", "批准节点配对。"),
    "control.node.pair.reject": ("Do not let a node in.", "拒绝节点配对。"),
    "control.node.pair.remove": ("Forget a node and close its connections.", "移除节点并关闭其连接。"),
    "control.node.pair.verify": ("Whether a token is the node's.", "验证令牌是否属于该节点。"),
    "control.node.invoke": ("Have a node do something, and wait for the result.", "让节点执行命令并等待结果。"),
    "control.node.invoke.result": ("What came of a command.", "命令的执行结果。"),
    "control.node.event": ("Something that happened at the node.", "节点上发生的事件。"),
    "control.skills.bins": ("The programs that skills need.", "技能所需的程序。"),
}
