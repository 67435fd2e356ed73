"""What the owner writes in TOML files, checked line by line, and what it changes."""
