"""A chart of 100,000 candles with their volume, drawn by the dashboard's own module in Chromium."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from tests.bench.figure import Figure, at_most

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES: tuple[str, ...] = ("web_chart_100k_candles",)

_CANDLES: Final = 100_000
_ROUNDS: Final = 5
_LIMIT_MS: Final = 1500.0

# From the numbers to the frame in which they are on the screen.
_DRAW: Final = """async (count) => {
  const { CandleDrawing } = await import("charts/candles.js");
  const box = document.createElement("div");
  Object.assign(box.style, { position: "fixed", inset: "0", width: "1200px", height: "640px" });
  document.body.append(box);
  const bars = { time: [], open: [], high: [], low: [], close: [], volume: [] };
  Object.assign(bars, { derived: {}, digits: 2 });
  let price = 60000;
  for (let number = 0; number < count; number += 1) {
    const next = price + ((number * 7919) % 401) - 200 + (60000 - price) / 500;
    bars.time.push(1600000000 + number * 60);
    bars.open.push(price);
    bars.close.push(next);
    bars.high.push(Math.max(price, next) + 25);
    bars.low.push(Math.min(price, next) - 25);
    bars.volume.push(((number * 31) % 97) / 10);
    price = next;
  }
  const frame = () => new Promise(requestAnimationFrame);
  await frame();
  const began = performance.now();
  const drawing = new CandleDrawing(box, { seen() {}, hover() {} });
  drawing.draw(bars, []);
  drawing.all();
  await frame();
  await frame();
  const took = performance.now() - began;
  if (!box.querySelector("canvas")) throw new Error("nothing was drawn");
  drawing.close();
  box.remove();
  return took;
}"""


def figures(only: str | None) -> Iterable[Figure]:  # noqa: ARG001 - there is but one
    from tests.functional.running import running
    from tests.web.browser import chromium
    from tests.web.floor import furnish

    with TemporaryDirectory() as folder:
        furnish(Path(folder))
        with running(Path(folder), "--no-demo") as program, chromium() as browser:
            took = _drawn(browser, f"http://127.0.0.1:{program.port}/ui")
    yield at_most("web_chart_100k_candles", took, "ms", limit=_LIMIT_MS)


def _drawn(browser: "Browser", address: str) -> float:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    with closing(context):
        page = context.new_page()
        page.goto(address)
        page.wait_for_load_state("networkidle")
        return float(median(page.evaluate(_DRAW, _CANDLES) for _ in range(_ROUNDS)))
