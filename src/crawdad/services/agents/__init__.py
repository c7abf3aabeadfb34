"""The agents: who they are, what they are told, the loop over model and tools, and the runs that outlive a request."""
