"""Where a host ticks, a deploy brings it what the functions got."""

import shutil
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from chalicelib.cli.deploying import bring_release_of
from tests.functional.cli.configured_clone import configure
from tests.functional.stage_on_aws import PROJECT, OnAws, stage_on_aws

BUCKET = "crypto-bot-prod-lake-123456789012"


@pytest.fixture
def prod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OnAws]:
    for name in ("LICENSE", "README.md", "pyproject.toml", "requirements.txt"):
        shutil.copy(PROJECT.parent / name, tmp_path)
    with stage_on_aws(tmp_path / "crypto_bot", monkeypatch) as stage:
        shutil.copy(PROJECT / "app.py", stage.project)
        stage.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        yield stage


def release(prod: OnAws) -> list[str]:
    """Names of what lies there."""
    listed = prod.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
    names: list[str] = []
    for found in listed:
        body = prod.client("s3").get_object(Bucket=BUCKET, Key=found["Key"])["Body"].read()
        with tarfile.open(fileobj=BytesIO(body)) as archive:
            names += archive.getnames()
    return names


def test_a_host_gets_its_release_once(prod: OnAws, capsys: pytest.CaptureFixture[str]) -> None:
    configure("prod", ticks_on="host")
    bring_release_of("prod")
    assert "crypto_bot/app.py" in release(prod)
    assert "sudo systemctl restart crypto-bot-install" in capsys.readouterr().out
    bring_release_of("prod")
    assert capsys.readouterr().out == ""


def test_so_does_a_streaming_worker(prod: OnAws, capsys: pytest.CaptureFixture[str]) -> None:
    bring_release_of("prod", worker=True)
    assert "crypto_bot/app.py" in release(prod)
    said = capsys.readouterr().out
    assert "--cluster crypto-bot-prod-market --service crypto-bot-prod-stream-worker" in said
    assert "systemctl" not in said


def test_so_does_a_spark_job(prod: OnAws, capsys: pytest.CaptureFixture[str]) -> None:
    bring_release_of("prod", spark_job=True)
    assert "crypto_bot/app.py" in release(prod)
    assert "by the next run of the Spark job (infra/README.md)" in capsys.readouterr().out


def test_without_a_host_there_is_none(prod: OnAws) -> None:
    bring_release_of("prod")
    assert release(prod) == []
