"""The door for other people's code."""
