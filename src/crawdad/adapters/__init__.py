"""Everything with a socket, a process or a file. Each adapter stands alone; none decides policy."""
