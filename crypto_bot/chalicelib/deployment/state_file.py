"""What Chalice knows of a stage's deployment, kept where every machine of the owner's finds it.

Chalice writes .chalice/deployed/STAGE.json when a deploy has ended, and finds the API only there: a
machine without the file makes a second API, and with it another address for TradingView. So the
lake bucket has the file; and where a deploy died before it wrote one, the account itself is asked.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from chalicelib.deployment.refusal import DeploymentError

KEY: Final = "chalice/deployed/{stage}.json"

_ABSENT: Final = frozenset({"404", "NoSuchKey"})
_SCHEMA: Final = "2.0"

Deployment = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateFile:
    """`s3` and `gateway` are clients in the stage's region; `application` is Chalice's name of it.

    `path` is where Chalice reads and writes; nobody but Chalice and `fetch` does so.
    """

    stage: str
    application: str
    region: str
    bucket: str
    path: Path
    s3: Any
    gateway: Any

    def fetch(self) -> str:
        """Bring this machine up to date; what was done, as a sentence, '' for nothing.

        What is here and nowhere else stays: it was deployed from here.
        """
        kept = self._kept()
        if kept is None:
            return self._recover()
        if kept == self._here():
            return ""
        self._write(kept)
        return f"the last deployment of {self.stage} is known here now, from s3://{self._where()}"

    def keep(self) -> None:
        """Give the bucket what Chalice has written here, whether or not its deploy was good."""
        here = self._here()
        if here is not None and here != self._kept():
            self.s3.put_object(
                Bucket=self.bucket,
                Key=KEY.format(stage=self.stage),
                Body=self.path.read_bytes(),
                ContentType="application/json",
            )

    def forget(self) -> None:
        """After the stage is gone: neither the bucket nor this machine has the file."""
        self.s3.delete_object(Bucket=self.bucket, Key=KEY.format(stage=self.stage))
        self.path.unlink(missing_ok=True)

    def _where(self) -> str:
        return f"{self.bucket}/{KEY.format(stage=self.stage)}"

    def _here(self) -> Deployment | None:
        try:
            return _parsed(self.path.read_bytes(), str(self.path))
        except FileNotFoundError:
            return None

    def _kept(self) -> Deployment | None:
        try:
            answer = self.s3.get_object(Bucket=self.bucket, Key=KEY.format(stage=self.stage))
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return None
            raise
        return _parsed(answer["Body"].read(), f"s3://{self._where()}")

    def _recover(self) -> str:
        api = None if self._here() is not None else self._api()
        if api is None:
            return ""
        url = f"https://{api}.execute-api.{self.region}.amazonaws.com/{self.stage}/"
        found = {
            "name": "rest_api",
            "resource_type": "rest_api",
            "rest_api_id": api,
            "rest_api_url": url,
        }
        self._write({"resources": [found], "schema_version": _SCHEMA, "backend": "api"})
        return f"an earlier deploy of {self.stage} did not end; its API {api} will be used again"

    def _api(self) -> str | None:
        """The API that leads to this stage's function; both stages' APIs have one name."""
        function = f":function:{self.application}-{self.stage}/"
        for page in self.gateway.get_paginator("get_rest_apis").paginate():
            for api in page["items"]:
                if api["name"] == self.application and function in self._targets(api["id"]):
                    identity: str = api["id"]
                    return identity
        return None

    def _targets(self, api: str) -> str:
        """Whereto its methods lead, all in one text."""
        pages = self.gateway.get_paginator("get_resources").paginate(
            restApiId=api, embed=["methods"]
        )
        methods = [
            method
            for page in pages
            for resource in page["items"]
            for method in resource.get("resourceMethods", {}).values()
        ]
        return " ".join(method.get("methodIntegration", {}).get("uri", "") for method in methods)

    def _write(self, deployment: Deployment) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(deployment, indent=2) + "\n", encoding="utf-8")


def _parsed(content: bytes, where: str) -> Deployment:
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get("schema_version") != _SCHEMA:
        raise DeploymentError(f"{where} is not what Chalice {_SCHEMA} writes; remove it") from None
    return found
