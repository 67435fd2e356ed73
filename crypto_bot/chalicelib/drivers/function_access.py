"""What Lambda puts into a function's environment -> how to reach AWS from it without botocore.

None for everything that botocore knows better: profiles, proxies, other partitions.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

# Regions of the ordinary partition; all others have host names of their own.
_ORDINARY: Final = re.compile(r"(af|ap|ca|eu|il|me|mx|sa|us)-(?!gov|iso)[a-z]+-[1-9]")
_CREDENTIALS: Final = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_BOTOCORE_KNOWS: Final = (
    "AWS_CA_BUNDLE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "https_proxy",
    "http_proxy",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """`endpoint` is a URL without a path, `token` that of the function's role."""

    endpoint: str
    region: str
    key: str
    secret: str = field(repr=False)
    token: str = field(repr=False)


def function_access(service: str, region: str | None = None) -> Access | None:
    """Of the function that this process is; None in any other process."""
    return access_of(service, region, os.environ)


def forget_credentials() -> None:
    """Nothing that this process begins from now on finds them in its environment."""
    for name in _CREDENTIALS:
        os.environ.pop(name, None)


def interpreter_needs() -> dict[str, str]:
    """Of the environment what Lambda's own Python does not begin without."""
    return {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}


def access_of(service: str, region: str | None, given: Mapping[str, str]) -> Access | None:
    """The same of an environment that is not the process's own."""
    where = region or given.get("AWS_REGION", "")
    if "AWS_LAMBDA_FUNCTION_NAME" not in given or not _ORDINARY.fullmatch(where):
        return None
    if any(given.get(name) for name in _BOTOCORE_KNOWS):
        return None
    own = given.get(f"AWS_ENDPOINT_URL_{service.upper()}") or given.get("AWS_ENDPOINT_URL")
    try:
        return Access(
            endpoint=(own or f"https://{service}.{where}.amazonaws.com").rstrip("/"),
            region=where,
            key=given["AWS_ACCESS_KEY_ID"],
            secret=given["AWS_SECRET_ACCESS_KEY"],
            token=given.get("AWS_SESSION_TOKEN", ""),
        )
    except KeyError:
        return None
