"""A figure over two parameters as cells: green above zero, red below, the more the fuller."""

from typing import Final

from chalicelib.domain.bots.sweep_ranking import HeatMap
from chalicelib.reports.chart import WIDTH, picture
from chalicelib.reports.figures import figure
from chalicelib.reports.markup import text

_LEFT: Final = 84
_TOP: Final = 30
_FOOT: Final = 34
_RIGHT: Final = 8
_TALLEST: Final = 34.0
_LEAST: Final = 12.0
_MOST_HEIGHT: Final = 560
_PALEST: Final = 0.08
_WORDS_FROM: Final = 52  # as wide as a cell has to be to have its number in it
_LABELS: Final = 14


def heat_chart(heat: HeatMap) -> str:
    """Its rows from the top down, as they stand in the map."""
    across, down = heat.across.values, heat.down.values
    width = (WIDTH - _LEFT - _RIGHT) / len(across)
    height = max(_LEAST, min(_TALLEST, _MOST_HEIGHT / len(down)))
    most = max((abs(value) for row in heat.cells for value in row if value is not None), default=0)
    parts = [
        _cell(heat, (place, line), (width, height), most)
        for line in range(len(down))
        for place in range(len(across))
    ]
    foot = _TOP + height * len(down)
    parts += [
        f'<text text-anchor="middle" x="{_LEFT + (place + 0.5) * width:.1f}" y="{foot + 16:.1f}">'
        f"{across[place]:g}</text>"
        for place in _labelled(len(across))
    ]
    parts += [
        f'<text text-anchor="end" x="{_LEFT - 8}" y="{_TOP + (line + 0.5) * height + 4:.1f}">'
        f"{down[line]:g}</text>"
        for line in range(len(down))
        if height >= _LEAST
    ]
    parts.append(f'<text class="caption" x="{_LEFT - 78}" y="18">{text(heat.down.name)}</text>')
    parts.append(
        f'<text class="caption" text-anchor="end" x="{WIDTH - _RIGHT}" y="{foot + 31:.1f}">'
        f"{text(heat.across.name)}</text>"
    )
    words = f"{heat.metric} by {heat.down.name} and {heat.across.name}"
    return picture(foot + _FOOT, words, parts)


def _cell(heat: HeatMap, place: tuple[int, int], size: tuple[float, float], most: float) -> str:
    column, line = place
    width, height = size
    value = heat.cells[line][column]
    x, y = _LEFT + column * width, _TOP + line * height
    said = figure(heat.metric, value)
    words = (
        f"{heat.down.name} {heat.down.values[line]:g}, {heat.across.name}"
        f" {heat.across.values[column]:g}: {said}"
    )
    if value is None:
        style = "fill:var(--rule);fill-opacity:.35"
    else:
        share = abs(value) / most if most else 0.0
        colour = "gain" if value >= 0 else "loss"
        style = f"fill:var(--{colour});fill-opacity:{_PALEST + (0.85 - _PALEST) * share:.2f}"
    drawn = (
        f'<rect class="cell" x="{x:.1f}" y="{y:.1f}" width="{width - 1:.1f}"'
        f' height="{height - 1:.1f}" style="{style}"><title>{text(words)}</title></rect>'
    )
    if width < _WORDS_FROM or value is None:
        return drawn
    return (
        f'{drawn}<text text-anchor="middle" style="fill:var(--ink)" x="{x + width / 2:.1f}"'
        f' y="{y + height / 2 + 4:.1f}">{text(said)}</text>'
    )


def _labelled(count: int) -> range:
    """Not more than there is room for."""
    return range(0, count, -(-count // _LABELS))
