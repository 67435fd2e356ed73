// Charts of a backtest or a deployment: equity with what would have been without it, and prices with curves and fills.
import { AreaSeries, ColorType, LineSeries, createChart } from "vendor/lightweight-charts.js";
import { colour } from "lib/theme.js";

const LINES = ["accent", "warn", "good", "bad", "muted", "text"];

// One curve in each line; below them, where there is one, how far each is below its highest.
export class EquityDrawing {
  constructor(element) {
    this.chart = createChart(element, { autoSize: true, ...look() });
    this.series = [];
  }

  // curves: [{name, at: [ms], values, area?, dashed?}]; drawdown: {at, values} or null
  draw(curves, drawdown) {
    for (const each of this.series) this.chart.removeSeries(each);
    this.series = curves.map((curve, number) => {
      const shade = colour(LINES[number % LINES.length]);
      const common = { lineWidth: 2, priceLineVisible: false, lastValueVisible: false, title: curve.name, crosshairMarkerRadius: 3 };
      const series = curve.area
        ? this.chart.addSeries(AreaSeries, { ...common, lineColor: shade, topColor: `${shade}38`, bottomColor: `${shade}05` })
        : this.chart.addSeries(LineSeries, { ...common, lineWidth: 1.5, color: shade });
      series.setData(points(curve));
      return series;
    });
    if (drawdown) {
      const shade = colour("bad");
      const below = this.chart.addSeries(AreaSeries, {
        title: "Drawdown", lineColor: shade, topColor: `${shade}10`, bottomColor: `${shade}40`, lineWidth: 1, priceLineVisible: false,
        lastValueVisible: false, invertFilledArea: true, priceFormat: { type: "custom", minMove: 0.0001, formatter: (value) => `${(value * 100).toFixed(1)} %` },
      }, 1);
      below.setData(points(drawdown));
      this.series.push(below);
      this.chart.panes()[0].setStretchFactor(3);
      this.chart.panes()[1]?.setStretchFactor(1);
    }
    this.chart.timeScale().fitContent();
  }

  repaint() {
    this.chart.applyOptions(look());
  }

  close() {
    this.chart.remove();
  }
}

function points({ at, values }) {
  return at.map((ms, index) => (values[index] === null ? { time: ms / 1000 } : { time: ms / 1000, value: values[index] }));
}

// What CandleDrawing draws: candles in columns, and each curve at its candle.
export function barsOf(instrument) {
  const time = instrument.at.map((ms) => ms / 1000);
  const derived = {};
  for (const curve of instrument.curves ?? []) derived[curve.name] = placed(instrument.at, curve);
  const { open, high, low, close } = instrument;
  const volume = instrument.volume ?? new Array(time.length).fill(0);
  return { time, open, high, low, close, volume, derived, digits: digitsOf(close), last: null };
}

export function indicatorsOf(curves) {
  const panels = new Map();
  for (const { name, panel } of curves) {
    if (!panels.has(panel)) panels.set(panel, { key: panel, title: "", overPrice: panel === "price", columns: [] });
    panels.get(panel).columns.push({ name, part: shortened(name), bars: panel === "patterns" });
  }
  return [...panels.values()];
}

// "BTC/USDT sma(20)" says no more than "sma(20)" on that instrument's own chart.
export const shortened = (name) => name.replace(/^[A-Z0-9]+\/[A-Z0-9]+ /, "");

// fills: [{at: ms, side, words}] -> marks on the candles that they fall into
export function marksOf(instrument, fills) {
  const starts = instrument.at;
  return fills.map(({ at, side }) => ({ time: starts[lastUpTo(starts, at)] / 1000, side, text: "" }));
}

function placed(starts, { at, values }) {
  const found = new Array(starts.length).fill(null);
  for (let index = 0; index < at.length; index += 1) {
    const place = lastUpTo(starts, at[index]);
    if (values[index] !== null) found[place] = values[index];
  }
  return found;
}

function lastUpTo(starts, at) {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (starts[middle] <= at) low = middle; else high = middle - 1;
  }
  return low;
}

function digitsOf(values) {
  let most = 0;
  for (const value of values.slice(-200)) most = Math.max(most, (String(value).split(".")[1] ?? "").length);
  return Math.min(most, 8);
}

function look() {
  const line = colour("line");
  return {
    layout: { background: { type: ColorType.Solid, color: colour("surface") }, textColor: colour("muted"), fontFamily: colour("font"), panes: { separatorColor: line, separatorHoverColor: line } },
    grid: { vertLines: { visible: false }, horzLines: { color: line } },
    rightPriceScale: { borderColor: line }, timeScale: { borderColor: line, timeVisible: true, secondsVisible: false },
  };
}
