"""Command-line tools that other people wrote, driven against a running gateway."""
