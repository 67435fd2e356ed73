"""Whose certificates are believed."""

import ssl


def trust() -> ssl.SSLContext:
    """The authorities that botocore and ccxt trust; a Python may come without any."""
    try:
        import certifi
    except ImportError:
        return ssl.create_default_context()
    return ssl.create_default_context(cafile=certifi.where())
