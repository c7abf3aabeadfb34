"""How each protocol is spelled, both ways: pure functions from bytes to meaning and back.

Nothing here awaits, logs, reads a clock, makes random ids or touches a socket. All AI protocols meet at
`crawdad.core.events`: n folders, no pairwise code.
"""
