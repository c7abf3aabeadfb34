"""Tools of agents that need no files of the workspace and run nothing: the web, pictures, memory, messages."""
