"""The `crypto-bot` command. Nothing heavy is imported before a verb needs it."""


def main() -> None:
    """Entry point of the console script and of `python -m chalicelib.cli`."""
    from chalicelib import bootstrap
    from chalicelib.cli.verbs import cli

    try:
        cli(prog_name="crypto-bot")
    finally:
        bootstrap.reset()  # exchanges that a verb has opened hold connections
