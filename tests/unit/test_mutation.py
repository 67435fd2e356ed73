"""Breaking the domain with mutmut: which survivors are accepted, and what makes it red."""

import re
from pathlib import Path

import pytest

from tests.mutation.__main__ import not_judged, report
from tests.mutation.mutmut_run import Change, Mutant, MutmutFailed
from tests.mutation.survivors import Accepted, BadEntry, Kind, as_entry, read_accepted

# --- mutants --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "module", "function"),
    [
        ("chalicelib.domain.money.x_plain__mutmut_3", "money", "money.plain"),
        (
            "chalicelib.domain.trading.netting.x__cross__mutmut_12",
            "trading.netting",
            "trading.netting._cross",
        ),
        (
            "chalicelib.domain.money.x\u01c1Exact\u01c1__init_subclass____mutmut_1",
            "money",
            "money.Exact.__init_subclass__",
        ),
    ],
)
def test_a_mutant_is_called_by_its_module_and_function(
    name: str, module: str, function: str
) -> None:
    mutant = Mutant(name, "killed")
    assert (mutant.module, mutant.function) == (module, function)


def test_what_is_no_mutant_of_the_domain_is_an_error() -> None:
    with pytest.raises(MutmutFailed, match=r"'x' is no name of a mutant"):
        _ = Mutant("x", "killed").module


# --- survivors ------------------------------------------------------------------------------

CHANGE = Change("money.plain", 'return "0"', "return 'XX0XX'")


def test_an_entry_reads_back_as_the_change_it_was_written_for(tmp_path: Path) -> None:
    for change in (CHANGE, Change("a.b", 'it\'s "x"', 'it\'s \\ "y"')):
        entry = as_entry(change).replace('why = ""', 'why = "because"')
        path = tmp_path / "money.toml"
        path.write_text(entry, "utf-8")
        assert read_accepted(tmp_path).why(change) == "because"
        assert read_accepted(tmp_path).why(Change("other", change.was, change.now)) == ""


A_KIND = """
[[kind]]
was = '(sum\\([^)]*), ZERO\\)'
now = ['\\1, None)', '\\1, )']
why = "0 and ZERO add up to the same"
"""
TWO_SUMS = "x = max(sum(a, ZERO), sum(b, ZERO), ZERO)"


@pytest.mark.parametrize(
    ("now", "why"),
    [
        ("x = max(sum(a, ), sum(b, ZERO), ZERO)", "0 and ZERO add up to the same"),
        ("x = max(sum(a, ZERO), sum(b, ), ZERO)", "0 and ZERO add up to the same"),
        ("x = max(sum(a, ), sum(b, ), ZERO)", ""),
        ("x = max(sum(a, None), sum(b, ZERO), ZERO)", "0 and ZERO add up to the same"),
        ("x = max(sum(a, ONE), sum(b, ZERO), ZERO)", ""),
        ("x = min(sum(a, ), sum(b, ZERO), ZERO)", ""),
    ],
)
def test_a_kind_argues_its_one_change_wherever_it_is(tmp_path: Path, now: str, why: str) -> None:
    path = tmp_path / "money.toml"
    path.write_text(A_KIND, "utf-8")
    assert read_accepted(tmp_path).why(Change("money.plain", TWO_SUMS, now)) == why


def test_a_kind_may_be_held_to_some_functions(tmp_path: Path) -> None:
    path = tmp_path / "money.toml"
    path.write_text(A_KIND + "functions = 'trading\\..*'\n", "utf-8")
    accepted = read_accepted(tmp_path)
    assert accepted.why(Change("trading.drift._tally", "sum(a, ZERO)", "sum(a, )"))
    assert not accepted.why(Change("money.plain", "sum(a, ZERO)", "sum(a, )"))


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (as_entry(CHANGE), "needs function, was, now"),
        ('[[kind]]\nwas = "a"\nnow = ["b"]\nwhy = " "\n', r"needs was \(a pattern\)"),
        ('[[kind]]\nwas = ""\nnow = ["b"]\nwhy = "x"\n', r"needs was \(a pattern\)"),
        ('[[kind]]\nwas = "a"\nnow = ["b"]\nwhy = "x"\nif = "c"\n', r"needs was \(a pattern\)"),
        ('[[kind]]\nwas = "(a"\nnow = ["b"]\nwhy = "x"\n', "kind 1: '\\(a' is no pattern"),
        (A_KIND + as_entry(Change("f", "sum(a, ZERO)", "sum(a, )")).replace('""', '"x"'), "twice"),
        ('[[survivor]]\nfunction = "f"\nwas = "a"\nnow = []\nwhy = "x"\n', "needs function"),
        ('[[survivor]]\nfunction = "f"\nwas = "a"\nnow = "b"\nwhy = "x"\n', "needs function"),
        (2 * as_entry(CHANGE).replace('why = ""', 'why = "x"'), "is listed twice"),
    ],
)
def test_an_entry_that_accepts_nothing_or_without_a_reason_is_refused(
    tmp_path: Path, entry: str, said: str
) -> None:
    path = tmp_path / "money.toml"
    path.write_text(entry, "utf-8")
    with pytest.raises(BadEntry, match=said):
        read_accepted(tmp_path)


def test_what_is_argued_is_read_from_all_files_together(tmp_path: Path) -> None:
    """A kind of one file argues what another one need not list, and may not."""
    (tmp_path / "b-kinds.toml").write_text(A_KIND, "utf-8")
    argued = as_entry(CHANGE).replace('why = ""', 'why = "because"')
    (tmp_path / "a.toml").write_text(argued, "utf-8")
    accepted = read_accepted(tmp_path)
    assert accepted.why(CHANGE) == "because"
    assert accepted.why(Change("f", "sum(a, ZERO)", "sum(a, )")) == "0 and ZERO add up to the same"
    (tmp_path / "c.toml").write_text(argued, "utf-8")
    with pytest.raises(BadEntry, match=r"c\.toml, survivor 1: .* is listed twice"):
        read_accepted(tmp_path)


def test_the_survivors_of_the_repository_can_be_read() -> None:
    accepted = read_accepted()
    assert all(why.strip() for why in (*accepted.reasons.values(), *accepted.kinds.values()))


# --- red or green ---------------------------------------------------------------------------


def mutants(killed: int, survived: int) -> list[Mutant]:
    statuses = [*["killed"] * (killed - 1), "timeout", *["survived"] * survived]
    return [
        Mutant(f"chalicelib.domain.money.x_plain__mutmut_{n}", status)
        for n, status in enumerate(statuses)
    ]


ARGUED = Accepted({CHANGE: "an equal text"}, {})
ZERO_IS_ONE = Kind(re.compile('"0"'), ("'XX0XX'",), re.compile(".*"))


@pytest.mark.parametrize(
    ("killed", "survivors", "accepted", "problems"),
    [
        (9, [CHANGE], ARGUED, []),
        (9, [CHANGE], Accepted({}, {}), ["[[survivor]]"]),
        (9, [CHANGE], Accepted({}, {ZERO_IS_ONE: "an equal text"}), []),
        (10, [], Accepted({}, {ZERO_IS_ONE: "x"}), ["argued, and no survivor any more: "]),
        (8, [CHANGE, CHANGE], ARGUED, ["80.0 % is less than 90 %"]),
        (10, [], ARGUED, ["argued, and no survivor any more: "]),
    ],
)
def test_what_is_red(
    killed: int,
    survivors: list[Change],
    accepted: Accepted,
    problems: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = report(mutants(killed, len(survivors)), survivors, accepted, is_whole=True)
    assert len(found) == len(problems)
    assert all(f.startswith(start) for f, start in zip(found, problems, strict=True))
    assert f"{killed:5} of    10" in capsys.readouterr().out


def test_one_module_is_not_held_against_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(mutants(1, 1), [CHANGE], ARGUED, is_whole=False) == []
    assert "1 survivors, 1 of them argued" in capsys.readouterr().out


def test_a_run_says_what_it_has_not_judged() -> None:
    sources = [Path("chalicelib/domain/money.py"), Path("chalicelib/domain/market/candle.py")]
    assert list(not_judged(sources, mutants(1, 0))) == ["nothing to break in market.candle"]
