"""The stages of market data. They meet on the bus, in the lake and in tables, never in calls."""
