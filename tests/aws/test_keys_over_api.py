"""Keys over the API of a deployed stage: packaged, over the gateway, from function to function."""

import json
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

from tests.aws.moto import Moto
from tests.aws.moto_server import LOGS
from tests.aws.stage import Owner, make_stores
from tests.aws.vendoring import clone
from tests.canaries import EXCHANGE_KEY, EXCHANGE_SECRET
from tests.watch import look_at_files, refuse

KEYS = {"api-key": EXCHANGE_KEY, "api-secret": EXCHANGE_SECRET}
FUNCTION = "crypto_bot-prod-tend_keys"


@pytest.fixture
def owner(moto: Moto, vendor: Path, tmp_path: Path) -> Owner:
    """Of stage prod with the function for keys, deployed."""
    make_stores(moto, "prod")
    owner = Owner(moto=moto, project=clone(tmp_path / "clone", vendor=vendor), stage="prod")
    path = owner.project / ".chalice" / "config.json"
    config = json.loads(path.read_text())
    variables = {"KEY_FUNCTIONS": "tend_keys", "LOG_LEVEL": "DEBUG"}
    config["stages"]["prod"]["environment_variables"] |= variables
    path.write_text(json.dumps(config))
    owner.configures()
    owner.succeeds("chalice", "deploy", "--stage", "prod")
    return owner


def asked(owner: Owner, token: str, path: str, **body: Any) -> Any:
    """The deployed API, with an owner's token; an act where there is a body."""
    api = owner.url().removeprefix("https://").partition(".")[0]
    request = Request(  # noqa: S310 - on loopback
        f"{owner.moto.url}/restapis/{api}/prod/_user_request_{path}",
        data=json.dumps(body).encode() if body else None,
        headers={
            "Content-Type": "application/json; charset=utf-8",
            "Authorization": f"Bearer {token}",
            "Idempotency-Key": f"{path} {sorted(body)}",
        },
    )
    with urlopen(request, timeout=60) as answer:  # noqa: S310 - on loopback
        said = answer.read().decode()
    refuse(said, "an answer")
    return json.loads(said)


def test_keys_go_from_the_gateway_to_the_secret_and_are_nowhere_else(owner: Owner) -> None:
    made = owner.succeeds("crypto-bot", "owner-token", "--stage", "prod", "--json")
    token = json.loads(made)["token"]
    done = asked(owner, token, "/accounts/new/keys", keys=KEYS, exchange="gemini", confirm=True)
    name = "crypto-bot-prod/new"
    assert done["done"] == f"stored api-key, api-secret of account new as the secret {name}"
    kept = owner.moto.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
    assert json.loads(kept) == KEYS
    form = {"name": "new", "exchange": "gemini", "mode": "sandbox", "quote": "USD"}
    asked(owner, token, "/accounts", **form, confirm=True)
    [account] = asked(owner, token, "/accounts")["accounts"]
    assert account["keys"]["fields"] == ["api-key", "api-secret"]

    logs = owner.moto.folder / LOGS
    look_at_files(logs)
    said = (logs / FUNCTION).read_text()
    assert "with the token owner: stored api-key, api-secret of account new" in said
    with pytest.raises(ClientError, match="ResourceNotFound"):  # nobody from outside may call it
        owner.moto.client("lambda").get_policy(FunctionName=FUNCTION)
