"""Fake exchanges on loopback: the real ccxt talks HTTP to them, tests own their prices and time."""
