"""Running programs: what a command means, whether it may run, and the processes that go on in the background."""
