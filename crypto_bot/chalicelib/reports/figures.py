"""Numbers as people read them: percents, money, days; a dash for what is undefined."""

from typing import Final

from chalicelib.domain.bots.candles import moment

_DASH: Final = "\N{EN DASH}"
_PERCENT: Final = 100
_SMALL: Final = 1
_MIDDLE: Final = 100
_LARGE: Final = 10_000
_SHARES: Final = frozenset(
    {
        *("total_return", "cagr", "volatility", "max_drawdown", "exposure", "win_rate"),
        *("best", "worst", "fees_of_profits", "buy_and_hold", "alpha"),
    }
)
_MONEY: Final = frozenset({"expectancy", "fees"})


def figure(name: str, value: float | None) -> str:
    """A metric's value, by the name that it has in the summary."""
    if value is None:
        return _DASH
    if name in _SHARES:
        return percent(value)
    if name in _MONEY:
        return money(value)
    return str(value) if isinstance(value, int) else f"{value:,.2f}"


def percent(value: float | None) -> str:
    """0.05 is 5 %."""
    return _DASH if value is None else f"{value * _PERCENT:,.2f} %"


def signed_percent(value: float | None) -> str:
    """With a plus where it is one."""
    return _DASH if value is None else f"{value * _PERCENT:+,.2f} %"


def money(value: float) -> str:
    """To the cent."""
    return f"{value:,.2f}"


def price(value: float) -> str:
    """Of a coin at 60,000 as of one at 0.00001: as many digits as tell them apart."""
    if not value:
        return "0"
    if abs(value) >= _LARGE:
        return f"{value:,.0f}"
    if abs(value) >= _MIDDLE:
        return f"{value:,.2f}"
    return f"{value:,.4f}" if abs(value) >= _SMALL else f"{value:.6g}"


def axis(value: float) -> str:
    """At a round value of a scale."""
    return f"{value:,.8g}"


def minute(ms: int) -> str:
    """Of a time in ms since 1970, in UTC."""
    return f"{moment(ms):%Y-%m-%d %H:%M}"


def tone(value: float | None) -> str:
    """The class of a gain or a loss."""
    if not value:
        return "even"
    return "gain" if value > 0 else "loss"
