"""Public market data: trades, the minute they belong to, and what is summed up of them."""
