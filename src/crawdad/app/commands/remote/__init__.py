"""The commands that work on the installation itself, as they are for another gateway: over its control channel."""
