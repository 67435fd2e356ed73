"""One stage in a folder of a test's own, as an owner has it on one machine, without Terraform.

What infra/ would make is made here with the same names: table, bucket, topic. How the real thing
fits is the matter of test_whole_way.
"""

import json
import subprocess
import sys
import zipfile
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from chalicelib.drivers.dynamodb_table import create_table
from tests.aws.moto import Moto
from tests.aws.moto_server import REGION
from tests.functional.stage_on_aws import outputs_of

BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What a command has said, and its exit code."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """One machine of the owner's, with a clone of the project and a shell."""

    moto: Moto
    project: Path
    stage: str

    def types(
        self, *words: str, given: str = "", environment: Mapping[str, str] | None = None
    ) -> Typed:
        """A command of the virtual environment, in crypto_bot/ of the clone."""
        done = subprocess.run(
            [BIN / words[0], *words[1:]],
            input=given,
            capture_output=True,
            text=True,
            cwd=self.project,
            env={
                **self.moto.environment(),
                "CRYPTO_BOT_PROJECT": str(self.project),
                **(environment or {}),
            },
            timeout=600,
            check=False,
        )
        return Typed(code=done.returncode, out=done.stdout, err=done.stderr)

    def succeeds(self, *words: str, given: str = "", **environment: str) -> str:
        """What it printed; it has to end well."""
        typed = self.types(*words, given=given, environment=environment)
        assert typed.code == 0, typed.out + typed.err
        return typed.out

    def configures(self, **changes: Any) -> str:
        """What `make configure` does; Terraform's outputs are made up."""
        outputs = json.dumps(outputs_of(self.stage, **changes))
        return self.succeeds("crypto-bot", "configure", self.stage, "--outputs", "-", given=outputs)

    def url(self) -> str:
        """Of the API, as this machine knows it; '' if it knows none."""
        try:
            known = json.loads(self.state_file.read_bytes())
        except FileNotFoundError:
            return ""
        return next((r["rest_api_url"] for r in known["resources"] if "rest_api_url" in r), "")

    @property
    def state_file(self) -> Path:
        return self.project / ".chalice" / "deployed" / f"{self.stage}.json"

    def asks(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The deployed API, from an address of TradingView's."""
        api = self.url().removeprefix("https://").partition(".")[0]
        request = Request(  # noqa: S310 - on loopback
            f"{self.moto.url}/restapis/{api}/{self.stage}/_user_request_{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json; charset=utf-8"},
        )
        with urlopen(request, timeout=60) as answer:  # noqa: S310 - on loopback
            return json.load(answer)

    def functions(self) -> dict[str, Any]:
        """Name to configuration of every function in the account."""
        listed = self.moto.client("lambda").list_functions()["Functions"]
        return {function["FunctionName"]: function for function in listed}

    def deployed_names(self, function: str) -> list[str]:
        """All names in the function's package, which is one that Chalice has left here."""
        digest = self.functions()[function]["CodeSha256"]
        for path in (self.project / ".chalice" / "deployments").iterdir():
            if b64encode(sha256(path.read_bytes()).digest()).decode() == digest:
                with zipfile.ZipFile(path) as archive:
                    return archive.namelist()
        raise LookupError(f"the package of {function} is not here")

    def apis(self) -> list[str]:
        return [api["id"] for api in self.moto.client("apigateway").get_rest_apis()["items"]]


def make_stores(moto: Moto, stage: str) -> None:
    """What configure's outputs name."""
    outputs = {name: output["value"] for name, output in outputs_of(stage).items()}
    create_table(moto.client("dynamodb"), outputs["state_table_name"])
    moto.client("sns").create_topic(Name=outputs["alarm_topic_arn"].rpartition(":")[2])
    moto.client("s3").create_bucket(
        Bucket=outputs["lake_bucket_name"],
        CreateBucketConfiguration={"LocationConstraint": REGION},
    )
