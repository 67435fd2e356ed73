"""Lists of trades that TradingView exports -> what a portfolio of their strategies comes to."""
