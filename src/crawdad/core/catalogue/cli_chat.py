"""Words of `crawdad chat`."""

MESSAGES: dict[str, tuple[str, str]] = {
    "cli.chat": (
        "Talk with an agent in this terminal; /help inside tells more.",
        "在终端中与智能体对话；对话中输入 /help 查看帮助。",
    ),
    "cli.chat.key": (
        "The session to go on with; `main` is the agent's own.",
        "要继续的会话；`main` 为智能体的主会话。",
    ),
    "cli.chat.message": (
        "Say this one thing and end; `-` reads it from the standard input.",
        "只说这一句后结束；`-` 表示从标准输入读取。",
    ),
    "cli.chat.json_needs_message": ("--json needs --message.", "--json 需要与 --message 一起使用。"),
    "cli.chat.nothing_said": ("There is nothing to say.", "没有要说的内容。"),
    "cli.chat.welcome": (
        "Session {session}. /help for help, Ctrl-D to leave.",
        "会话 {session}。输入 /help 查看帮助，Ctrl-D 退出。",
    ),
    "cli.chat.session": ("Session {session}.", "会话 {session}。"),
    "cli.chat.how_to_leave": (
        "Ctrl-D or /quit leaves; Ctrl-C stops a turn.",
        "Ctrl-D 或 /quit 退出；Ctrl-C 停止当前一轮。",
    ),
    "cli.chat.unknown": (
        "There is no /{command}. /help tells which there are; // begins a text with a slash.",
        "没有 /{command}。输入 /help 查看命令；以 // 开头可发送以斜杠开头的文字。",
    ),
    "cli.chat.stopped": ("Stopped.", "已停止。"),
    "cli.chat.nothing_runs": ("Nothing runs.", "没有正在运行的内容。"),
    "cli.chat.tool_failed": ("✗ {name} failed", "✗ {name} 失败"),
    "cli.chat.wants": ("The agent asks to do: {what}", "智能体请求执行：{what}"),
    "cli.chat.in_folder": ("in {folder}", "目录：{folder}"),
    "cli.chat.allow": ("Allow? y (once), a (always), n: ", "允许吗？y（一次）、a（总是）、n（拒绝）："),
    "cli.chat.waits": (
        "The agent waits for leave to do: {what}\n  crawdad approvals allow {id}",
        "智能体等待批准：{what}\n  crawdad approvals allow {id}",
    ),
    "cli.chat.lost": ("The connection is lost; trying to come back.", "连接已断开，正在重连。"),
    "cli.chat.connected_again": ("Connected again.", "已重新连接。"),
    "cli.chat.no_agent": ("There is no agent {agent}. There are: {known}", "没有智能体 {agent}。现有：{known}"),
    "cli.chat.model": ("This session's model is now {model}.", "本会话的模型现为 {model}。"),
    "cli.chat.thinking": ("This session's thinking level is now {level}.", "本会话的思考级别现为 {level}。"),
    "cli.chat.help": (
        "/new, /reset      begin the session anew\n"
        "/compact          have the session summed up\n"
        "/stop             stop what runs (Ctrl-C while it is told)\n"
        "/agents, /agent ID      list the agents, talk with one\n"
        "/sessions, /session KEY list the sessions, go on with one\n"
        "/model [NAME]     list the models, choose one for the session\n"
        "/think [LEVEL]    how much to think: off, minimal, low, medium, high\n"
        "/history [N]      what was said\n"
        "/quit             leave (Ctrl-D)\n"
        'A line that ends in \\ goes on in the next; lines between two lines of """ are one text.',
        "/new、/reset      重新开始会话\n"
        "/compact          压缩会话\n"
        "/stop             停止正在运行的内容（显示过程中可按 Ctrl-C）\n"
        "/agents、/agent ID      列出智能体，与其对话\n"
        "/sessions、/session 键  列出会话，继续其中之一\n"
        "/model [名称]     列出模型，为会话选择模型\n"
        "/think [级别]     思考程度：off、minimal、low、medium、high\n"
        "/history [数量]   查看对话记录\n"
        "/quit             退出（Ctrl-D）\n"
        '以 \\ 结尾的行会与下一行相连；两行 """ 之间的内容为一段文字。',
    ),
}
