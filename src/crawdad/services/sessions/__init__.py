"""Conversations with agents: how long they last, what is kept of them, how they are found, copied and carried elsewhere."""
