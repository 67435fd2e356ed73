"""Pages to be looked at in a browser: self-contained, without a script and without the network."""
