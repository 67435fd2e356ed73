"""The `crypto-bot` command. Nothing heavy is imported before a verb needs it."""


def main() -> None:
    """Entry point of the console script and of `python -m chalicelib.cli`."""
    from chalicelib.cli.verbs import cli

    cli(prog_name="crypto-bot")
