"""Whom a function trusts to be AWS, or a venue.

To read the bundle of all authorities takes a tenth of a second in a cold function; `make vendor`
lays a folder beside the application in which OpenSSL opens the certificate that it looks for.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ssl import SSLContext

AUTHORITIES: Final = "authorities"
_PACKAGE: Final = Path(__file__).parents[2]


def packaged_trust(package: Path = _PACKAGE) -> "SSLContext | None":
    """A context that verifies by the package's folder; None where the package has none."""
    folder = package / AUTHORITIES
    if not folder.is_dir():
        return None
    import ssl

    return ssl.create_default_context(capath=str(folder))


def trust() -> "SSLContext":
    """The package's authorities, else those that botocore and ccxt trust, else the machine's.

    A Python may come without any.
    """
    packaged = packaged_trust()
    if packaged is not None:
        return packaged
    import ssl

    try:
        import certifi
    except ImportError:
        return ssl.create_default_context()
    return ssl.create_default_context(cafile=certifi.where())
