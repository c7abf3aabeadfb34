"""What a channel's account tells its owner, and groups, by itself."""

MESSAGES: dict[str, tuple[str, str]] = {
    "automations.bot_joined": ("The account is now in the group {group}.", "机器人已加入群 {group}。"),
    "automations.joined": ("{person} has joined the group {group}.", "{person} 加入了群 {group}。"),
    "automations.joined_invited": (
        "{person} has joined the group {group}, invited by {operator}.",
        "{person} 受 {operator} 邀请加入了群 {group}。",
    ),
    "automations.left": ("{person} has left the group {group}.", "{person} 退出了群 {group}。"),
    "automations.kicked": (
        "{operator} has removed {person} from the group {group}.",
        "{person} 被 {operator} 移出了群 {group}。",
    ),
    "automations.bot_kicked": (
        "{operator} has removed the account from the group {group}.",
        "机器人被 {operator} 移出了群 {group}。",
    ),
    "automations.disbanded": ("The group {group} was disbanded.", "群 {group} 已解散。"),
    "automations.promoted": (
        "{person} is now an administrator of the group {group}.",
        "{person} 成为群 {group} 的管理员。",
    ),
    "automations.demoted": (
        "{person} is no longer an administrator of the group {group}.",
        "{person} 不再是群 {group} 的管理员。",
    ),
    "automations.muted": (
        "{operator} has muted {person} in the group {group} for {seconds} seconds.",
        "{person} 在群 {group} 中被 {operator} 禁言 {seconds} 秒。",
    ),
    "automations.unmuted": (
        "{operator} has let {person} speak again in the group {group}.",
        "{person} 在群 {group} 中被 {operator} 解除禁言。",
    ),
    "automations.bot_muted": (
        "{operator} has muted the account in the group {group} for {seconds} seconds.",
        "机器人在群 {group} 中被 {operator} 禁言 {seconds} 秒。",
    ),
    "automations.bot_unmuted": (
        "{operator} has let the account speak again in the group {group}.",
        "机器人在群 {group} 中被 {operator} 解除禁言。",
    ),
    "automations.recalled": (
        "{person} has recalled a message in the group {group}:\n{text}",
        "{person} 在群 {group} 中撤回了一条消息：\n{text}",
    ),
    "automations.recalled_by": (
        "{operator} has recalled a message of {person} in the group {group}:\n{text}",
        "{operator} 在群 {group} 中撤回了 {person} 的一条消息：\n{text}",
    ),
    "automations.recalled_private": (
        "{person} has recalled a private message:\n{text}",
        "{person} 撤回了一条私聊消息：\n{text}",
    ),
    "automations.not_remembered": ("(what it said is not remembered)", "（未缓存原文）"),
    "automations.honoured": (
        "Congratulations to {name}: {honour}!",
        "恭喜 {name} 获得“{honour}”！",
    ),
    "automations.honour.talkative": ("most talkative of the group", "龙王"),
    "automations.honour.performer": ("fire of the group", "群聊之火"),
    "automations.honour.legend": ("blaze of the group", "群聊炽焰"),
    "automations.honour.strong_newbie": ("strongest newcomer", "冒尖小春笋"),
    "automations.honour.emotion": ("source of joy", "快乐之源"),
    "automations.asked.friend": (
        "{person} wants to be a friend: {comment}\nAnswer with\n同意好友 {flag}\n拒绝好友 {flag}",
        "{person} 申请添加好友：{comment}\n可回复：\n同意好友 {flag}\n拒绝好友 {flag}",
    ),
    "automations.asked.group_join": (
        "{person} wants to join the group {group}: {comment}\nAnswer with\n同意入群 {flag}\n拒绝入群 {flag} reason",
        "{person} 申请加入群 {group}：{comment}\n可回复：\n同意入群 {flag}\n拒绝入群 {flag} 理由",
    ),
    "automations.asked.group_invite": (
        "{person} invites the account to the group {group}: {comment}\nAnswer with\n同意入群 {flag}\n拒绝入群 {flag} reason",
        "{person} 邀请机器人加入群 {group}：{comment}\n可回复：\n同意入群 {flag}\n拒绝入群 {flag} 理由",
    ),
    "automations.accepted.friend": (
        "{person} is now a friend: the pattern was found in {comment}",
        "已自动同意 {person} 的好友申请：{comment}",
    ),
    "automations.accepted.group_join": (
        "{person} was let into the group {group}: the pattern was found in {comment}",
        "已自动同意 {person} 加入群 {group}：{comment}",
    ),
    "automations.request_accepted": ("Accepted: {flag}", "已同意：{flag}"),
    "automations.request_refused": ("Refused: {flag}", "已拒绝：{flag}"),
    "automations.no_request": (
        "There is no such request any more: {flag}",
        "没有待处理的请求：{flag}",
    ),
    "automations.request_failed": ("The platform refused that: {reason}", "处理失败：{reason}"),
    "automations.bad_pattern": (
        "The pattern cannot be searched for ({reason}).",
        "无法用该正则表达式匹配（{reason}）。",
    ),
}
