"""The Bus port: an append-only log in SQLite for one machine, Kafka for more."""
