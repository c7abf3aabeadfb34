"""`crawdad bench`: how fast this installation is, measured beside a direct call and, if wanted, beside other gateways.

Three processes: a static upstream that answers canned bytes, the gateway as users start it, and a load generator. Where
the system allows it the gateway has one core for itself. Nothing here passes or fails: it prints a table.
"""
