"""Clients of AWS, made as boto3 makes them and without the sixty modules it loads on top.

Region, credentials and endpoint (AWS_ENDPOINT_URL and its kin) come from the environment or the
profile: botocore reads those itself. Inside a function the environment has them all, and what
the stores ask for goes without botocore.
"""

import logging
from typing import Any

from chalicelib.drivers.function_access import function_access

# On DEBUG botocore logs every request and answer, the secrets of Secrets Manager among them.
logging.getLogger("botocore").setLevel(logging.INFO)


def aws_client(
    service: str,
    *,
    region: str | None = None,
    connect_timeout: float = 0.3,
    read_timeout: float = 0.8,
    attempts: int = 2,
) -> Any:
    """A low-level client, safe to share between threads. Timeouts in seconds, per attempt.

    The defaults are the webhook's: both attempts end before the sender's 3 s are over.
    """
    access = function_access(service, region)
    if access is not None:
        from chalicelib.drivers.aws_json_client import SERVICES, AwsJsonClient

        if service in SERVICES:
            return AwsJsonClient(
                service,
                access,
                connect_timeout=connect_timeout,
                read_timeout=read_timeout,
                attempts=attempts,
            )
    import botocore.session
    from botocore.config import Config

    config = Config(
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": attempts},
        tcp_keepalive=True,
        # Composing botocore's own words and checking types anew on each call cost a third of it.
        user_agent="crypto-bot",
        parameter_validation=False,
    )
    return botocore.session.get_session().create_client(service, region_name=region, config=config)
