"""What the gateway is tested against: loopback servers that play vendors, well and badly.

`replay` answers with recorded vendor traffic, `scripted` plays small stories in every protocol, `faulty` misbehaves, and
`aimock` runs a mock that somebody else wrote. None of them imports `crawdad`: they would otherwise agree with its
mistakes.
"""
