"""Telegram's Bot API (core.telegram.org/bots/api): updates read, Markdown rendered, answers understood."""
