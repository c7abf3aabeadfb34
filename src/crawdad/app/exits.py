"""Exit codes of the command line, for scripts. They are part of the interface: never renumber one."""

OK = 0
PROBLEM = 1  # the command ran and found a problem, or what was asked for failed
USAGE = 2  # the command line itself is wrong
UNREACHABLE = 3  # no server answers
DENIED = 4  # the server does not accept the token
CONFIGURATION = 5  # the configuration cannot be read or is not valid
ADDRESS_TAKEN = 6  # another program listens on the port
ALREADY_RUNNING = 7  # another supervisor works in the same home directory
DAMAGED = 8  # the database is damaged
INTERNAL = 70  # a fault of Crawdad itself
INTERRUPTED = 130  # Ctrl-C
