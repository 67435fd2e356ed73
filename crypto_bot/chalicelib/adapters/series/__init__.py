"""The time series: candles with their derived columns, in SQLite or DynamoDB."""
