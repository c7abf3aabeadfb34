"""The gateway's own contract: tools, hooks, media, plugins, and the words that the endpoints to agents share with them."""
