"""Conversations with servers of the Model Context Protocol, over a program's standard streams or over HTTP."""

from crawdad.adapters.mcp.connecting import LocalMcpConnector as LocalMcpConnector
