"""Lists of trades and what was asked -> the report: policies side by side, and better weights."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.instant import read_instant
from chalicelib.domain.trading.allocation import POLICIES

if TYPE_CHECKING:
    from decimal import Decimal

    from chalicelib.bootstrap.replays.lists import NamedList
    from chalicelib.domain.replay.report import ReplayReport
    from chalicelib.services.replay.compare_policies import OpensDesk

# What is done, and how much of it there is -> what is told how many more are done.
Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]

# Without a stop, which lists do not name, risk per trade can size nothing.
COMPARED: Final = tuple(name for name in POLICIES if name != "risk_per_trade")
# Where nothing is said: None, or this.
USUAL: Final[Mapping[str, Any]] = MappingProxyType(
    {
        **dict.fromkeys(("weights", "account", "venue", "since", "until", "search")),
        "timeframe": None,
        **dict.fromkeys(("cash", "fee", "slippage", "step", "tick", "minimum")),
        "symbols": (),
        "policies": (),
        "candle_paths": (),
        "list_prices": False,
        "most_candles": None,
        "lag": 0,
        "timezone": "UTC",
        "interval": "15m",
        "seed": 1,
        "split": 0.7,
    }
)


@contextmanager
def counted(tell: Callable[[int, int], object], length: int) -> Iterator[Callable[[int], None]]:
    """`tell` hears how many are done, not how many more are."""
    done = 0

    def moved(more: int) -> None:
        nonlocal done
        done += more
        tell(done, length)

    yield moved


def replayed(
    lists: "Sequence[NamedList]",
    problems: Sequence[str],
    files: Mapping[str, Path],
    words: Mapping[str, Any],
    progress: Progress,
) -> "ReplayReport":
    """`problems` are of lists that were left out, `files` have candles by symbol."""
    from chalicelib.bootstrap.replays.account import weights_of
    from chalicelib.bootstrap.replays.desk import replay_desk
    from chalicelib.bootstrap.replays.notes import check_marked, check_searched, notes_on
    from chalicelib.bootstrap.replays.portfolio import portfolio_of, priced_by, told_prices
    from chalicelib.domain.replay.curves import Span
    from chalicelib.domain.replay.report import ReplayReport, listed_as
    from chalicelib.services.replay.compare_policies import compare_policies

    span = Span(
        *(
            None if words[name] is None else read_instant(f"--{name}", words[name])
            for name in ("since", "until")
        )
    )
    priced = priced_by(lists, files, words, span)
    whole, prices = portfolio_of(lists, priced, words)
    portfolio = whole.between(*span)
    if not portfolio.told:
        raise SettingsError("no alert of the lists lies between --since and --until")
    check_marked(portfolio, priced)
    if words["search"] is not None:
        check_searched(portfolio)
    names = list(portfolio.symbols)
    weights = weights_of(names, words["weights"], portfolio.account, portfolio.subscriptions)
    policies = words["policies"] or COMPARED

    opens = partial(replay_desk, prices=prices)
    with progress("replaying", len(policies) * len(portfolio.told)) as moved:
        results = tuple(compare_policies(portfolio, policies, weights, opens, moved))
    notes = [f"left out: {problem}" for problem in problems]
    notes += notes_on(lists, priced, words, span)
    report = ReplayReport(
        portfolio=portfolio,
        lists=tuple(listed_as(each.name, each.symbol, each.listed) for each in lists),
        prices=told_prices(priced),
        notes=tuple(notes),
        results=results,
    )
    return _searched(report, weights, opens, words, progress)


def _searched(
    report: "ReplayReport",
    weights: "Mapping[str, Decimal]",
    opens: "OpensDesk",
    words: Mapping[str, Any],
    progress: Progress,
) -> "ReplayReport":
    if words["search"] is None:
        return report
    from chalicelib.domain.money import ONE
    from chalicelib.services.replay.search_weights import Terms, search_weights

    with progress("searching", words["search"] + 1) as moved:
        terms = Terms(
            whole=ONE - report.portfolio.account.reserve,
            trials=words["search"],
            seed=words["seed"],
            share=words["split"],
        )
        policy = report.results[0].policy
        found = search_weights(report.portfolio, policy, weights, opens, terms, moved)
    return report._replace(search=found)
