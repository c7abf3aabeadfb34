"""Signing in to Google with the operator's own OAuth client: what is said, the state of each sign-in, who signed in."""
