"""Feishu and Lark (open.feishu.cn, open.larksuite.com): frames of the long connection, events, messages and cards."""
