"""A real `crypto-bot run`, killed over and over while alerts arrive and the venue misbehaves."""
