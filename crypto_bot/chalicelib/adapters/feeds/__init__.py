"""The Feed port: Binance by its own streams, any other venue by ccxt.pro, and recordings."""
