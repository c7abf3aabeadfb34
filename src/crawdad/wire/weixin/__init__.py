"""Tencent's iLink bot protocol for WeChat, as the client that Tencent publishes speaks it (JSON over HTTP, files on a CDN)."""
