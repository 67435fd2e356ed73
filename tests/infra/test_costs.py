"""One list of prices: the variables' descriptions and the documentation's tables say the same."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from tests.infra.costs import ONE_STAGE, PRICES, Price, table
from tests.infra.terraform import INFRA

VARIABLES = (INFRA / "variables.tf").read_text(encoding="utf-8")
OPT_INS = sorted({price.variable for price in PRICES if price.when == "opt-in"})
DOCUMENTS = (INFRA / "README.md", INFRA.parent / "docs/aws.md")
# Beside a monthly price: by the gigabyte, which nobody knows beforehand.
BY_USE = {"0.045", "0.10"}


def variables() -> dict[str, str]:
    """Name to the block's text."""
    blocks = re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', VARIABLES, re.MULTILINE | re.DOTALL)
    return dict(blocks)


def description(name: str) -> str:
    [text] = re.findall(r'description = "(.*)"$', variables()[name], re.MULTILINE)
    return str(text)


def default(name: str) -> str:
    [text] = re.findall(r"^  default\s*= (.*)$", variables()[name], re.MULTILINE)
    return str(text)


@pytest.mark.parametrize("price", PRICES, ids=lambda price: price.part)
def test_a_price_is_the_sum_of_its_parts(price: Price):
    assert price.usd == sum(price.made_of.values())


@pytest.mark.parametrize("price", [p for p in PRICES if p.variable], ids=lambda price: price.part)
def test_the_variable_says_what_it_costs(price: Price):
    assert f"${price.usd}" in description(price.variable)


@pytest.mark.parametrize("name", sorted(variables()))
def test_no_variable_names_another_price(name):
    known = {str(price.usd) for price in PRICES if price.variable == name} | BY_USE
    assert set(re.findall(r"\$(\d+\.\d+)", description(name))) <= known


@pytest.mark.parametrize("name", OPT_INS)
def test_what_costs_something_is_off(name):
    assert default(name) in {"false", '"none"', "null"}


def test_prod_alone_costs_about_half_a_dollar():
    month = sum(price.usd for price in PRICES if price.when in {"always", "default"})
    assert ONE_STAGE == month <= Decimal("0.50")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_documentation_shows_the_same_table(path: Path):
    if path.exists():
        assert table() in path.read_text(encoding="utf-8"), "python -m tests.infra.costs prints it"


def test_the_list_has_no_other_words():
    raw = json.loads((INFRA / "prices.json").read_text(encoding="utf-8"))
    assert {row["when"] for row in raw["rows"]} == {"always", "default", "opt-in"}
    assert set(OPT_INS) < set(variables())
