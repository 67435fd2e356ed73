"""What was asked of a replay -> its lists, prices and account, and the report on all of it.

Whoever asks, the command line or a page, asks in the same words: those of the options.
"""
