"""Every venue that ccxt knows, behind one class; `connect.connect` opens an account."""
