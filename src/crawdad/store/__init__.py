"""What survives a restart: SQL, migrations, the event bus and leases. It stores and finds; it decides nothing."""
