"""The command line: one file a command group; each exposes `add(subcommands)` and its handlers."""
