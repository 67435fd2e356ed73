"""What the market data stages need of the world: one Protocol per dependency, by subject."""
