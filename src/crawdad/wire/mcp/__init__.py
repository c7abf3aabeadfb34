"""The Model Context Protocol, client's side: JSON-RPC messages, tools and results. Pure.

Source: modelcontextprotocol.io/specification/2025-06-18.
"""
