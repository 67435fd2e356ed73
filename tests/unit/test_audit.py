"""What `make audit` says of locks, licences and advisories that are not as they should be."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from tests.audit.__main__ import ROOT
from tests.audit.advisories import NOT_AUDITED, audit, osv
from tests.audit.licences import ALLOWED, is_allowed, licensed, run_time
from tests.audit.locks import Pin, contradictions, disagreements, read_lock
from tests.venues.loopback import Answer, Request, json_answer, serving

HASH = f"--hash=sha256:{'0' * 64}"
GOOD = f"# a comment\nalpha==1.0 \\\n    {HASH} \\\n    {HASH}\n    # via beta\nbeta==2.0 {HASH}\n"


def lock_of(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text(text)
    return path


def pin(name: str, version: str, *, applies: bool = True) -> Pin:
    return Pin(name=name, version=version, applies=applies)


PACKAGE_LOCKS = ["crypto_bot/requirements.txt", "crypto_bot/requirements-candles.txt"]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-spark.txt", *PACKAGE_LOCKS])
def test_every_line_of_our_locks_is_pinned_and_hashed(name):
    pins, problems = read_lock(ROOT / name)

    assert problems == []
    assert len(pins) == sum("==" in line for line in (ROOT / name).read_text().splitlines())


@pytest.mark.parametrize("name", PACKAGE_LOCKS)
def test_what_goes_to_lambda_is_what_is_tested(name):
    whole, _ = read_lock(ROOT / "requirements.txt")
    package, _ = read_lock(ROOT / name)

    assert list(contradictions(package, whole)) == []


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (HASH, "", "alpha==1.0 has no hash, so anything may be installed"),
        ("sha256:", "md5:", "is no SHA-256"),
        ("0" * 64, "0" * 63, "is no SHA-256"),
        ("==1.0", ">=1.0", "alpha>=1.0 names no single version"),
        ("==1.0", "==1.*", "alpha==1.* names no single version"),
        ("alpha==1.0", "alpha @ https://example.com/a.whl", "names no single version"),
        ("alpha==1.0", "-e .", "is no pinned requirement"),
        ("alpha==1.0", "--index-url https://example.com", "is no pinned requirement"),
    ],
)
def test_a_tampered_lock_is_told(tmp_path, before, after, sentence):
    text = GOOD.replace(f" \\\n    {HASH}\n", "\n", 1)
    path = lock_of(tmp_path, text.replace(before, after, 1))
    pins, [problem] = read_lock(path)

    assert sentence in problem
    assert set(pins) == {"beta"}


def test_a_lock_is_read_with_markers_and_several_hashes(tmp_path):
    windows = f"gamma==3.0 ; sys_platform == 'no-such-platform' {HASH}\n"
    pins, problems = read_lock(lock_of(tmp_path, GOOD + windows))

    assert problems == []
    assert [(p.name, p.version, p.applies) for p in pins.values()] == [
        ("alpha", "1.0", True),
        ("beta", "2.0", True),
        ("gamma", "3.0", False),
    ]


@pytest.mark.parametrize(
    ("installed", "sentence"),
    [
        ({"alpha": "1.1"}, "alpha is installed as 1.1 and locked as 1.0: make clean setup"),
        ({}, "alpha 1.0 is locked and not installed: make clean setup"),
        ({"alpha": "1.0", "stray": "9"}, "stray 9 is installed and not locked: make clean setup"),
        ({"alpha": "1.0", "other": "1"}, "other 1 is installed and not locked"),
        ({"alpha": "1.0", "ours": "0.1"}, ""),
    ],
)
def test_what_is_installed_has_to_be_what_is_locked(installed, sentence):
    lock = {"alpha": pin("alpha", "1.0"), "other": pin("other", "1", applies=False)}
    told = "; ".join(disagreements(lock, installed, "ours"))

    assert told.startswith(sentence)
    assert bool(told) == bool(sentence)


@pytest.mark.parametrize(
    ("whole", "sentence"),
    [({}, "does not have it"), ({"alpha": pin("alpha", "2")}, "has 2"), (None, "")],
)
def test_the_package_for_lambda_is_a_part_of_the_lock(whole, sentence):
    package = {"alpha": pin("alpha", "1")}
    told = "; ".join(contradictions(package, package if whole is None else whole))

    assert sentence in told
    assert bool(told) == bool(sentence)


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-2.0-only", True),
        ("MIT AND GPL-2.0-only", False),
        ("MPL-2.0 AND (Apache-2.0 OR GPL-3.0-only)", True),
        ("MPL-2.0 AND (LGPL-3.0-only OR GPL-3.0-only)", False),
        ("GPL-3.0-only OR (MIT AND BSD-3-Clause)", True),
        ("Apache-2.0 WITH LLVM-exception", False),
        ("(MIT", False),
        ("MIT MIT", False),
        ("", False),
    ],
)
def test_a_licence_is_allowed_if_it_can_be_met(expression, allowed):
    assert is_allowed(expression) is allowed


def package(folder: Path, *lines: str) -> PathDistribution:
    info = folder / "alpha-1.0.dist-info"
    info.mkdir(parents=True)
    head = ["Metadata-Version: 2.4", "Name: Alpha", "Version: 1.0"]
    (info / "METADATA").write_text("\n".join([*head, *lines]) + "\n\n")
    return PathDistribution(info)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["License-Expression: MIT", "License: GPL"], ""),
        (["Classifier: License :: OSI Approved :: MIT License"], ""),
        (["License: Apache License 2.0"], ""),
        (["License-Expression: AGPL-3.0-only"], "has the licence 'AGPL-3.0-only', which is not"),
        (["License: Proprietary"], "has the licence 'Proprietary', which is not allowed: replace"),
        (
            [
                "Classifier: License :: OSI Approved :: MIT License",
                "Classifier: License :: OSI Approved :: GNU General Public License (GPL)",
            ],
            "which is not allowed",
        ),
        (["License: " + "very long " * 20], "alpha 1.0 states no licence: find it in its source"),
        ([], "states no licence"),
    ],
)
def test_a_package_with_another_licence_or_none_is_told_with_what_to_do(tmp_path, lines, problem):
    told = licensed(package(tmp_path, *lines)).problem

    assert problem in told
    assert bool(told) == bool(problem)


def test_no_licence_on_the_list_asks_for_more_than_a_notice():
    assert not [name for name in ALLOWED if "GPL" in name or "SSPL" in name or "CC-" in name]


def test_tools_are_told_apart_from_what_runs(tmp_path):
    found = {
        "ours": package(
            tmp_path / "a", "Requires-Dist: alpha", "Requires-Dist: tool; extra=='dev'"
        ),
        "alpha": package(tmp_path / "b", "Requires-Dist: beta>=1; python_version>'3'"),
        "beta": package(tmp_path / "c"),
        "tool": package(tmp_path / "d"),
    }
    assert run_time("ours", found) == {"alpha", "beta"}


@contextmanager
def advisories(vulnerable: dict[str, str]) -> Iterator[str]:
    """A database that knows that these packages have a hole."""

    def answer(request: Request) -> Answer:
        name = json.loads(request.body)["package"]["name"]
        if name not in vulnerable:
            return json_answer({})
        hole = {"id": vulnerable[name], "summary": "a hole", "affected": []}
        return json_answer({"vulns": [hole]})

    with serving(answer) as url:
        yield f"{url}/v1/query"


def test_where_nobody_knows_advisories_it_says_so_and_passes(tmp_path):
    lock = lock_of(tmp_path, GOOD)
    with advisories({}) as url:
        assert audit(lock, [osv(url)]) == (True, NOT_AUDITED)  # it answers, and knows nothing
    assert audit(lock, [osv(url)]) == (True, NOT_AUDITED)  # nobody is there any more
    assert audit(lock, []) == (True, NOT_AUDITED)


@pytest.mark.parametrize(
    ("holes", "well", "words"),
    [({}, True, ["none, says osv.dev"]), ({"beta": "PYSEC-1"}, False, ["beta", "2.0", "PYSEC-1"])],
)
def test_a_known_hole_in_what_is_locked_is_told(tmp_path, holes, well, words):
    with advisories({"urllib3": "PYSEC-0", **holes}) as url:
        passed, told = audit(lock_of(tmp_path, GOOD), [osv(url)])

    assert passed is well
    assert all(word in told for word in words)
