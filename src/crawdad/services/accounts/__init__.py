"""The accounts: which credentials there are, which of them serves a request, what is left of each."""
