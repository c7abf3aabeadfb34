"""Words about channels, and the gateway's own words in chats."""

MESSAGES: dict[str, tuple[str, str]] = {
    "channels.unknown": (
        "There is no channel {channel}. Channels that can send: {known}.",
        "没有渠道 {channel}。可以发送的渠道：{known}。",
    ),
    "channels.upgrade_refused": (
        "{host} refused the WebSocket with HTTP {status}.",
        "{host} 拒绝了 WebSocket 连接（HTTP {status}）。",
    ),
    "channels.nobody_hears": (
        "No model that hears is set in tools.media.audio.models.",
        "tools.media.audio.models 中没有设置语音识别模型。",
    ),
    "channels.recording_large": ("The recording is too large.", "录音过大。"),
    "channels.recording_format": (
        "The recording is {media_type}, which models do not take, and it could not be changed into another ({reason}).",
        "录音格式为 {media_type}，模型不支持，且无法转换（{reason}）。",
    ),
    "channels.no_ffmpeg": ("ffmpeg is not installed", "未安装 ffmpeg"),
    "channels.unsupported": ("This channel cannot do that: {what}.", "此渠道不支持该操作：{what}。"),
    "channels.taken": (
        "The id or an alias of the channel {channel} is taken by another.",
        "渠道 {channel} 的标识或别名已被占用。",
    ),
    "channels.bad_settings": (
        "The settings of {channel} ({account}) cannot work: {key} ({fault}).",
        "{channel}（{account}）的配置无法使用：{key}（{fault}）。",
    ),
    "channels.no_account": ("There is no account {account} in the settings.", "配置中没有账号 {account}。"),
    "channels.not_running": (
        "The account {account} is off, or not configured.",
        "账号 {account} 已停用或尚未配置。",
    ),
    "channels.not_here": (
        "The account {account} does not run in this process.",
        "账号 {account} 不在此进程中运行。",
    ),
    "channels.no_sign_in": ("No sign-in of {account} was begun.", "{account} 没有正在进行的登录。"),
    "channels.signed_in": ("Signed in: {identity}", "已登录：{identity}"),
    "channels.sign_in.qr": ("Scan the code with the app.", "请用手机应用扫描二维码。"),
    "channels.sign_in.scanned": ("Scanned. Confirm on the phone.", "已扫描，请在手机上确认。"),
    "channels.sign_in.need_code": (
        "Enter the digits that the phone shows.",
        "请输入手机上显示的数字。",
    ),
    "channels.sign_in.already": ("The account is signed in already.", "该账号已经登录。"),
    "channels.sign_in.expired": ("The code has expired. Begin anew.", "二维码已过期，请重新开始。"),
    "channels.sign_in.denied": ("The sign-in was refused on the phone.", "手机上拒绝了登录。"),
    "channels.sign_in.failed": ("The sign-in has failed.", "登录失败。"),
    "channels.sign_in.unsupported": ("This channel has no sign-in by QR code.", "此渠道不支持扫码登录。"),
    "channels.nothing_said": ("There is nothing to send.", "没有可发送的内容。"),
    "channels.no_target": ("Say to whom: {param}.", "请指明发送给谁：{param}。"),
    "channels.on_its_way": ("It is still on its way.", "仍在发送途中。"),
    "channels.no_answer": (
        "The platform has not answered: it may be there or not.",
        "平台没有应答：消息可能已送达，也可能没有。",
    ),
    "channels.cut_off": (
        "The process ended while this was being sent: it may be there or not.",
        "发送过程中进程结束：消息可能已送达，也可能没有。",
    ),
    "channels.fault": ("The channel has failed; the log says more.", "渠道出错，详见日志。"),
    "channels.too_many_calls": ("Too many platforms call at once.", "同时调用的平台过多。"),
    "channels.file_gone": ("The file is not there any more.", "文件已不存在。"),
    "channels.file_not_sent": ("[The file {name} cannot be sent here]", "[此处无法发送文件 {name}]"),
    "channels.quota_messages": (
        "The platform takes {count} messages until somebody writes again.",
        "在对方再次发言之前，平台只接收 {count} 条消息。",
    ),
    "channels.quota_window": (
        "The platform takes messages only within {hours} hours of the last one that somebody wrote.",
        "平台只在对方最后一次发言后的 {hours} 小时内接收消息。",
    ),
    "channels.parked_too_many": ("Too much waited for somebody to write.", "等待对方发言的消息过多。"),
    "channels.parked_too_long": (
        "It waited for somebody to write for too long.",
        "等待对方发言的时间过长。",
    ),
    "channels.silent": ("Nothing was heard from the platform for too long.", "太久没有收到平台的任何回应。"),
    "channels.unreadable": ("The message still cannot be read.", "这条消息仍然无法读取。"),
    "channels.dead_letter": (
        "A message could not be handled and was put aside: {reason}",
        "有一条消息无法处理，已搁置：{reason}",
    ),
    "channels.no_dead_letter": ("There is no such message put aside: {id}.", "没有这条被搁置的消息：{id}。"),
    "channels.no_pairing": (
        "No such pairing request waits in {channel}: the code is wrong, used or has expired.",
        "{channel} 中没有这样的配对请求：配对码错误、已使用或已过期。",
    ),
    "channels.pairing_tries": ("Too many pairing codes were tried.", "尝试的配对码过多。"),
    "channels.nobody": ("Nobody of that id was let in: {sender}.", "没有放行过这个用户：{sender}。"),
    "channels.pairing": (
        "I do not know you yet. Give this code to whoever runs this assistant: {code}\n"
        "(They enter: crawdad pairing approve {channel} {code}. Your id here: {sender}. The code is good for an hour.)",
        "我还不认识你。请把这个配对码交给本助手的管理员：{code}\n"
        "（管理员执行：crawdad pairing approve {channel} {code}。你在此处的 ID：{sender}。配对码一小时内有效。）",
    ),
    "channels.paired": ("You have been let in. Write away!", "已为你放行，请随意发言！"),
    "channels.run_failed": (
        "Something went wrong, and there is no answer: {error}",
        "出了点问题，无法回答：{error}",
    ),
    "channels.run_interrupted": (
        "I was interrupted in the middle of this and do not know what took effect. Please ask again.",
        "处理过程中被中断，无法确定哪些操作已生效。请重新提问。",
    ),
    "channels.new": ("A new conversation has begun.", "已开始新的对话。"),
    "channels.stopped": ("Stopped.", "已停止。"),
    "channels.nothing_to_stop": ("Nothing was running.", "没有正在进行的任务。"),
    "channels.whoami": (
        "Your id: {sender}\nChannel: {channel}\nChat: {chat}",
        "你的 ID：{sender}\n渠道：{channel}\n会话：{chat}",
    ),
    "channels.whoami_owner": (
        "Your id: {sender} (operator)\nChannel: {channel}\nChat: {chat}",
        "你的 ID：{sender}（管理员）\n渠道：{channel}\n会话：{chat}",
    ),
    "channels.status.agent": ("Agent: {agent}", "智能体：{agent}"),
    "channels.status.model": ("Model: {model}", "模型：{model}"),
    "channels.status.context": ("Context: {tokens} tokens", "上下文：{tokens} 个 Token"),
    "channels.status.work": ("At work or waiting: {count}", "进行中或等待中：{count}"),
    "channels.setting": ("{name}: {value}", "{name}：{value}"),
    "channels.choose": ("Choose one of: {choices}", "请选择：{choices}"),
    "channels.which_approval": (
        "Say which one, with `/approve <id> <decision>`:",
        "请用 `/approve <编号> <决定>` 指明是哪一个：",
    ),
    "channels.approval_given": ("Noted: {decision}", "已记录：{decision}"),
    "channels.approval": (
        "May I do this?\n{summary}\n(/approve {id} once | always | deny)",
        "可以执行这个操作吗？\n{summary}\n（/approve {id} once | always | deny）",
    ),
    "channels.approval.once": ("Once", "仅此一次"),
    "channels.approval.always": ("Always", "始终允许"),
    "channels.approval.deny": ("Deny", "拒绝"),
    "channels.help": ("What I understand:", "可用命令："),
    "channels.help.new": ("begin a new conversation", "开始新的对话"),
    "channels.help.stop": ("stop what is being done", "停止正在进行的任务"),
    "channels.help.status": ("agent, model and what is going on", "智能体、模型与当前状态"),
    "channels.help.whoami": ("your id here", "你在此处的 ID"),
    "channels.help.compact": ("summarise the conversation so far", "压缩当前对话"),
    "channels.help.think": ("how hard to think", "思考强度"),
    "channels.help.model": ("which model answers", "使用哪个模型"),
    "channels.help.queue": ("what becomes of messages while I am at work", "忙碌时如何处理新消息"),
    "channels.help.activation": ("when to answer in a group", "群聊中何时回答"),
    "channels.sign_out_slow": ("{account} did not sign out in time.", "{account} 未能在规定时间内退出登录。"),
}
