"""The OpsClaw management API (`contracts/seeds/opsclaw-tools-api.md`): accounts, configuration, logs, statistics, tools."""
