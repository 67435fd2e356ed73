"""What botocore raises -> one sentence with what mends it, for an owner at the keyboard.

A function on AWS lets the same errors raise, so that the platform counts them.
"""

from typing import Any, Final

# (botocore's class or AWS's code, what is wrong and what mends it)
_TROUBLES: Final[dict[str, str]] = {
    "NoCredentialsError": "there are no AWS credentials; run aws configure, or aws sso login, or "
    "set AWS_PROFILE",
    "PartialCredentialsError": "the AWS credentials are incomplete; run aws configure",
    "CredentialRetrievalError": "the AWS credentials cannot be read; run aws sso login, or aws "
    "configure",
    "TokenRetrievalError": "the AWS sign-in has ended; run aws sso login",
    "SSOTokenLoadError": "the AWS sign-in has ended; run aws sso login",
    "UnauthorizedSSOTokenError": "the AWS sign-in has ended; run aws sso login",
    "ExpiredToken": "the AWS credentials have expired; sign in again",
    "ExpiredTokenException": "the AWS credentials have expired; sign in again",
    "UnrecognizedClientException": "AWS does not know these credentials; run aws configure",
    "InvalidClientTokenId": "AWS does not know these credentials; run aws configure",
    "InvalidSignatureException": "AWS does not accept these credentials' signature; run aws "
    "configure, and set this machine's clock",
    "ProfileNotFound": "AWS_PROFILE names no profile of this machine; aws configure "
    "list-profiles shows them",
    "NoRegionError": "no AWS region is set; make configure writes it for the stage, or set "
    "CRYPTO_BOT_REGION",
    "InvalidRegionError": "the AWS region is misspelt; it must be one such as eu-west-1",
    "AccessDenied": "these AWS credentials may not do this; docs/aws.md lists the permissions",
    "AccessDeniedException": "these AWS credentials may not do this; docs/aws.md lists the "
    "permissions",
    "EndpointConnectionError": "AWS cannot be reached; is the region right, and is there a network",
    "ConnectTimeoutError": "AWS did not answer in time; try again",
    "ReadTimeoutError": "AWS did not answer in time; try again",
}


def aws_sentence(error: BaseException) -> str | None:
    """The trouble in words; None where the error is none of botocore's."""
    if not type(error).__module__.startswith("botocore"):
        return None
    code = _code(error)
    known = _TROUBLES.get(code)
    return f"{known} ({code})" if known else f"AWS refused: {code}: {error}"


def _code(error: Any) -> str:
    """AWS's own code where it answered, else the name of botocore's class."""
    answer = getattr(error, "response", None)
    code = answer.get("Error", {}).get("Code") if isinstance(answer, dict) else None
    return str(code or type(error).__name__)
