"""What a portfolio of listed trades does in time that is only told."""
