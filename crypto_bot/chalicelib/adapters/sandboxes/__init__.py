"""Where the code of a bot runs that nobody has to trust."""
