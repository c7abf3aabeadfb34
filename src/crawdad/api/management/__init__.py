"""What the management contracts share: the application that serves them, who may come in, how errors are told."""
