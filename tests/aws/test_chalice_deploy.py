"""`chalice deploy --stage prod`, typed by the owner in crypto_bot/ after `make configure`."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws.moto import Moto, moto_server
from tests.aws.stage import Owner, make_stores
from tests.aws.vendoring import clone

KEY = "chalice/deployed/prod.json"
BUCKET = "crypto-bot-prod-lake-123456789012"


@pytest.fixture
def owner(moto: Moto, vendor: Path, tmp_path: Path) -> Owner:
    """With vendor/, and stage prod configured."""
    make_stores(moto, "prod")
    owner = Owner(moto=moto, project=clone(tmp_path / "first", vendor=vendor), stage="prod")
    owner.configures()
    return owner


def another_machine(owner: Owner, folder: Path) -> Owner:
    """Of the same owner: a clone that was never deployed from."""
    project = clone(folder, vendor=(owner.project / "vendor").resolve())
    return Owner(moto=owner.moto, project=project, stage=owner.stage)


def test_the_address_stays_whoever_deploys(
    owner: Owner, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    """One account, deployed to again and again: what a deploy costs is paid once for each."""
    with subtests.test("of vendor/, nothing comes twice, and no pip is run"):
        nowhere = "http://127.0.0.1:9"
        said = owner.succeeds("chalice", "deploy", "--stage", "prod", PIP_INDEX_URL=nowhere)
        assert "The package for Lambda: " in said
        assert owner.asks("/health")["status"] == "ok"
        assert set(owner.functions()) == {
            "crypto_bot-prod",
            "crypto_bot-prod-tick",
            "crypto_bot-prod-report_performance",
        }
        nothing_comes_twice(owner.deployed_names("crypto_bot-prod-tick"))
    first, [api] = owner.url(), owner.apis()

    with subtests.test("another machine takes over"):
        second = another_machine(owner, tmp_path / "second")
        second.configures()
        assert second.url() == ""
        assert "is known here now" in second.succeeds("chalice", "deploy", "--stage", "prod")
        assert second.url() == first
        assert owner.apis() == [api]

    with subtests.test("a deploy that died, of which Chalice remembers nothing, is gone on with"):
        owner.state_file.unlink()
        owner.moto.client("s3").delete_object(Bucket=BUCKET, Key=KEY)
        said = owner.succeeds("chalice", "deploy", "--stage", "prod")
        assert f"its API {api} will be used again" in said
        assert (owner.url(), owner.apis()) == (first, [api])

    with subtests.test("delete is remembered for all"):
        owner.succeeds("chalice", "delete", "--stage", "prod")
        assert (owner.functions(), owner.apis()) == ({}, [])
        kept = owner.moto.client("s3").get_object(Bucket=BUCKET, Key=KEY)["Body"].read()
        assert json.loads(kept)["resources"] == []


def nothing_comes_twice(names: list[str]) -> None:
    """Nor what functions have no use for."""
    assert Counter(names).most_common(1)[0][1] == 1
    assert "ccxt/async_support/gemini.py" in names
    assert "ccxt/async_support/okx.py" not in names
    unused = ("chalicelib/cli/", "chalicelib/deployment/", "chalicelib/local/")
    assert not [name for name in names if name.startswith(unused)]


def test_without_vendor_everything_comes_from_the_pins(
    moto: Moto, wheels: Path, tmp_path: Path
) -> None:
    make_stores(moto, "prod")
    owner = Owner(moto=moto, project=clone(tmp_path), stage="prod")
    owner.configures()
    said = owner.succeeds(
        *("chalice", "deploy", "--stage", "prod"), PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheels)
    )
    assert "There is no vendor/" in said
    names = owner.deployed_names("crypto_bot-prod-tick")
    assert {"ccxt/async_support/okx.py", "msgspec/__init__.py", "app.py"} <= set(names)
    assert "boto3/__init__.py" not in names
    function = owner.functions()["crypto_bot-prod-tick"]
    assert function["CodeSize"] <= 48_000_000
    assert owner.asks("/health")["status"] == "ok"


# --- refused before anything is made -----------------------------------------------------------


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """With the stores of both stages, and nothing deployed: no refusal may change that."""
    with moto_server(tmp_path_factory.mktemp("account")) as moto:
        for stage in ("dev", "prod"):
            make_stores(moto, stage)
        yield moto


@pytest.fixture
def at_home(account: Moto, vendor: Path, tmp_path: Path) -> Owner:
    """With vendor/, and stage prod configured."""
    owner = Owner(moto=account, project=clone(tmp_path, vendor=vendor), stage="prod")
    owner.configures()
    return owner


def untouched(moto: Moto) -> bool:
    iam, apis = moto.client("iam"), moto.client("apigateway")
    return not (iam.list_roles()["Roles"] or apis.get_rest_apis()["items"])


def test_a_stage_that_is_not_configured(account: Moto, vendor: Path, tmp_path: Path) -> None:
    owner = Owner(moto=account, project=clone(tmp_path, vendor=vendor), stage="prod")
    refused = owner.types("chalice", "deploy", "--stage", "prod")
    assert refused.code != 0
    assert "make configure STAGE=prod" in refused.err
    assert untouched(account)


@pytest.mark.parametrize("stage", ["staging", "Prod"])
def test_a_stage_that_there_is_not(at_home: Owner, stage: str) -> None:
    refused = at_home.types("chalice", "deploy", "--stage", stage)
    assert refused.code != 0
    assert f"there is no stage {stage}: --stage is dev or prod" in refused.err
    assert untouched(at_home.moto)


def test_a_live_account_on_dev(account: Moto, vendor: Path, tmp_path: Path) -> None:
    owner = Owner(moto=account, project=clone(tmp_path, vendor=vendor), stage="dev")
    owner.configures()
    path = owner.project / ".chalice" / "config.json"
    config = json.loads(path.read_text())
    config["stages"]["dev"]["environment_variables"] |= {"SANDBOX": "no", "EXCHANGE_NAME": "gemini"}
    path.write_text(json.dumps(config))
    refused = owner.types("chalice", "deploy", "--stage", "dev")
    assert refused.code != 0
    assert "stage dev, which never trades live" in refused.err
    assert untouched(account)


@pytest.mark.parametrize(
    "asked", [{"MARKET_FUNCTIONS": "load_candles"}, {"BOT_FUNCTIONS": "work_on_job"}]
)
def test_functions_without_the_library_that_they_need(
    at_home: Owner, asked: dict[str, str]
) -> None:
    path = at_home.project / ".chalice" / "config.json"
    config = json.loads(path.read_text())
    config["stages"]["prod"]["environment_variables"] |= asked
    path.write_text(json.dumps(config))
    at_home.configures()
    refused = at_home.types("chalice", "deploy", "--stage", "prod")
    assert refused.code != 0
    assert "there is no vendor/ with DuckDB; run make vendor STAGE=prod" in refused.err
    assert untouched(at_home.moto)


def test_a_vendor_folder_for_another_python(at_home: Owner, vendor: Path) -> None:
    (at_home.project / "vendor").unlink()
    (at_home.project / "vendor").mkdir()
    note = json.loads((vendor / "made_of.json").read_text()) | {"python": "3.9"}
    (at_home.project / "vendor" / "made_of.json").write_text(json.dumps(note))
    refused = at_home.types("chalice", "deploy", "--stage", "prod")
    assert refused.code != 0
    assert "is for Python 3.9" in refused.err
    assert "run make vendor" in refused.err
    assert untouched(at_home.moto)
