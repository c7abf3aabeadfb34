"""WeCom's bots over their long connection."""
