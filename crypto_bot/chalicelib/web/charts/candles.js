// A price chart on a canvas: candles, volume, indicators, and marks where something was bought or sold.
import {
  CandlestickSeries, ColorType, CrosshairMode, HistogramSeries, LineSeries, LineStyle, createChart, createSeriesMarkers,
} from "vendor/lightweight-charts.js";
import { colour } from "lib/theme.js";

const LINES = ["accent", "warn", "good", "bad", "muted", "text"];
const FEW = 5;
const PANE = { price: 5, volume: 1.2, other: 1.5 };

export class CandleDrawing {
  // seen(first): the number of the first candle in sight, below 0 with room before it; hover(time or null)
  constructor(element, { seen, hover }) {
    this.chart = createChart(element, { autoSize: true, ...look() });
    this.lines = new Map();  // column -> its series
    this.bars = null;
    this.price = this.chart.addSeries(CandlestickSeries, candleLook());
    this.volume = null;
    this.markers = createSeriesMarkers(this.price, []);
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => { if (range) seen(range.from); });
    this.chart.subscribeCrosshairMove(({ time }) => hover(time ?? null));
  }

  // Drawn anew. What is in sight stays in sight where `bars` grew to the left.
  draw(bars, indicators) {
    const grown = this.bars ? bars.time.indexOf(this.bars.time[0]) : 0;
    const range = this.bars && grown > 0 ? this.chart.timeScale().getVisibleLogicalRange() : null;
    const first = !this.bars;
    this.bars = bars;
    this.price.applyOptions({ priceFormat: { type: "price", precision: bars.digits, minMove: 10 ** -bars.digits } });
    this.price.setData(bars.time.map((time, at) => ({
      time, open: bars.open[at], high: bars.high[at], low: bars.low[at], close: bars.close[at],
    })));
    this.drawVolume(bars);
    this.drawIndicators(bars, indicators);
    this.share();
    if (range) this.chart.timeScale().setVisibleLogicalRange({ from: range.from + grown, to: range.to + grown });
    else if (first) this.newest();
  }

  drawVolume(bars) {
    const any = bars.volume.some((amount) => amount > 0);
    if (!any) {
      if (this.volume) this.chart.removeSeries(this.volume);
      this.volume = null;
      return;
    }
    this.volume ??= this.chart.addSeries(HistogramSeries, { priceFormat: { type: "volume" }, lastValueVisible: false, priceLineVisible: false, title: "Volume" }, 1);
    const [up, down] = [`${colour("good")}80`, `${colour("bad")}80`];
    this.volume.setData(bars.time.map((time, at) => ({ time, value: bars.volume[at], color: bars.close[at] < bars.open[at] ? down : up })));
  }

  drawIndicators(bars, indicators) {
    const wanted = new Set(indicators.flatMap((one) => one.columns.map((column) => column.name)));
    for (const [name, series] of [...this.lines]) {
      this.chart.removeSeries(series);
      this.lines.delete(name);
    }
    let pane = this.volume ? 2 : 1;
    let number = 0;
    for (const one of indicators) {
      const into = one.overPrice ? 0 : pane++;
      for (const [place, column] of one.columns.entries()) {
        if (!wanted.has(column.name) || !bars.derived[column.name]) continue;
        const series = this.chart.addSeries(column.bars ? HistogramSeries : LineSeries, {
          color: colour(LINES[number++ % LINES.length]), lineWidth: 1.5, priceLineVisible: false, lastValueVisible: !one.overPrice && place === 0,
          crosshairMarkerVisible: false, title: one.overPrice || place > 0 ? "" : one.title,
          ...(one.overPrice ? {} : { priceFormat: { type: "price", precision: 4, minMove: 0.0001 } }),
        }, into);
        series.setData(values(bars, column.name));
        this.lines.set(column.name, series);
      }
      if (one.key.startsWith("rsi")) this.bounds(one.columns[0].name, [30, 70]);
    }
  }

  bounds(name, levels) {
    for (const price of levels) {
      this.lines.get(name)?.createPriceLine({ price, color: colour("line-strong"), lineStyle: LineStyle.Dashed, lineWidth: 1, axisLabelVisible: false });
    }
  }

  share() {
    const panes = this.chart.panes();
    panes.forEach((pane, at) => pane.setStretchFactor(at === 0 ? PANE.price : at === 1 && this.volume ? PANE.volume : PANE.other));
  }

  // Only what is new at the right: the rest stays as it is drawn.
  follow(bars, indicators) {
    const last = this.bars.time.at(-1);
    const from = bars.time.findIndex((at) => at >= last);
    if (this.bars.time[0] !== bars.time[0] || from < 0 || bars.time.length - from > FEW) {
      this.draw(bars, indicators);
      return;
    }
    this.bars = bars;
    const [up, down] = [`${colour("good")}80`, `${colour("bad")}80`];
    for (let at = from; at < bars.time.length; at += 1) {
      const time = bars.time[at];
      this.price.update({ time, open: bars.open[at], high: bars.high[at], low: bars.low[at], close: bars.close[at] });
      this.volume?.update({ time, value: bars.volume[at], color: bars.close[at] < bars.open[at] ? down : up });
      for (const [name, series] of this.lines) series.update(point(bars, name, at));
    }
  }

  // fills: [{time, side, text}], ascending
  mark(fills) {
    this.markers.setMarkers(fills.map(({ time, side, text }) => {
      const bought = side === "buy";
      return { time, position: bought ? "belowBar" : "aboveBar", shape: bought ? "arrowUp" : "arrowDown", color: colour(bought ? "good" : "bad"), text };
    }));
  }

  newest() {
    const end = this.bars?.time.length ?? 0;
    const shown = Math.max(40, Math.min(160, Math.floor(this.chart.timeScale().width() / 7)));
    this.chart.timeScale().setVisibleLogicalRange({ from: end - shown, to: end + 4 });
  }

  all() {
    this.chart.timeScale().fitContent();
  }

  // `by` above 1: fewer candles in sight
  zoom(by) {
    const range = this.chart.timeScale().getVisibleLogicalRange();
    if (range) this.chart.timeScale().setVisibleLogicalRange({ from: range.to - (range.to - range.from) / by, to: range.to });
  }

  // The colours of the page have changed.
  repaint(indicators) {
    this.chart.applyOptions(look());
    this.price.applyOptions(candleLook());
    if (this.bars) {
      this.drawVolume(this.bars);
      this.drawIndicators(this.bars, indicators);
      this.share();
    }
  }

  close() {
    this.chart.remove();
  }
}

const values = (bars, name) => bars.time.map((_, at) => point(bars, name, at));

function point(bars, name, at) {
  const value = bars.derived[name]?.[at] ?? null;
  return value === null ? { time: bars.time[at] } : { time: bars.time[at], value };
}

function look() {
  const line = colour("line");
  return {
    layout: {
      background: { type: ColorType.Solid, color: colour("surface") }, textColor: colour("muted"), attributionLogo: true,
      fontFamily: colour("font"), panes: { separatorColor: line, separatorHoverColor: line, enableResize: true },
    },
    grid: { vertLines: { color: line }, horzLines: { color: line } },
    crosshair: { mode: CrosshairMode.Normal },
    rightPriceScale: { borderColor: line },
    timeScale: { borderColor: line, timeVisible: true, secondsVisible: false },
  };
}

function candleLook() {
  const [up, down] = [colour("good"), colour("bad")];
  return { upColor: up, downColor: down, borderVisible: false, wickUpColor: up, wickDownColor: down };
}
