"""What went wrong while deploying, with the command that mends it."""

from chalicelib.domain.errors import CryptoBotError


class DeploymentError(CryptoBotError):
    """A step did not work; what it would have made is not there."""
