"""Candles as Parquet, by DuckDB: the CandleLake port, and the owner's own files."""
