"""Long-running stages: each works in rounds until it is stopped, and may be killed at any time."""
