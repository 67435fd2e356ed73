"""What bots do by live candles."""
