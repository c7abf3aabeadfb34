"""The channels that come with Crawdad: each a folder that can be deleted, and knows no other. See `core.channels`."""
