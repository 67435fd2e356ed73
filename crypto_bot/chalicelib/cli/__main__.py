"""`python -m chalicelib.cli` for a shell that has no `crypto-bot` on its path."""

from chalicelib.cli import main

main()
