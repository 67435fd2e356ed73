"""A configured stage -> its state file, reached with the caller's own credentials."""

from pathlib import Path

from chalicelib.adapters.chalice_project import ChaliceProject
from chalicelib.deployment.refusal import DeploymentError
from chalicelib.deployment.state_file import StateFile
from chalicelib.drivers.boto3_session import aws_client

_CONNECT = 5.0
_READ = 20.0
_ATTEMPTS = 3


def state_file(folder: Path, stage: str) -> StateFile:
    """Of the project in `folder`; DeploymentError where the stage is not configured there."""
    project = ChaliceProject(folder)
    environment = project.environment(stage)
    bucket, region = environment.get("LAKE_BUCKET"), environment.get("CRYPTO_BOT_REGION")
    if not bucket or not region:
        raise DeploymentError(
            f"stage {stage} is not configured here; run make configure STAGE={stage}"
        )
    s3, gateway = (
        aws_client(
            service,
            region=region,
            connect_timeout=_CONNECT,
            read_timeout=_READ,
            attempts=_ATTEMPTS,
        )
        for service in ("s3", "apigateway")
    )
    return StateFile(
        stage=stage,
        application=project.config()["app_name"],
        region=region,
        bucket=bucket,
        path=folder / ".chalice" / "deployed" / f"{stage}.json",
        s3=s3,
        gateway=gateway,
    )
