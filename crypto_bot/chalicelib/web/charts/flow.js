// Minutes of trades: what takers bought and sold as bars, and by how much they bought dearer as a line.
import uPlot from "vendor/uplot.js";
import { drawn } from "lib/format.js";
import { colour } from "lib/theme.js";

const HEIGHT = 260;

// minutes: as /markets/flow answers; unit: "btc" or "usd" -> columns for uPlot; sold is below the middle
export function columnsOf(minutes, unit) {
  const number = (text) => (text === null ? null : drawn(text));
  return [
    minutes.map((row) => Date.parse(row.minute) / 1000),
    minutes.map((row) => number(row[`total_${unit}_b`])),
    minutes.map((row) => -number(row[`total_${unit}_s`])),
    minutes.map((row) => number(row.spread)),
  ];
}

export class FlowDrawing {
  constructor(element, { name }) {
    this.element = element;
    loadStyle();
    const bars = uPlot.paths.bars({ size: [0.7, 24], align: 0 });
    const clock = (at) => new Date(at * 1000).toISOString().slice(11, 16);
    const axis = { stroke: () => colour("muted"), grid: { stroke: () => colour("line"), width: 1 }, ticks: { stroke: () => colour("line"), width: 1 } };
    const side = (label, shade) => ({ label, paths: bars, points: { show: false }, fill: () => `${colour(shade)}b0`, stroke: () => colour(shade), width: 0,
      value: (_, amount) => (amount === null || amount === undefined ? "–" : String(Math.abs(amount))) });
    this.plot = new uPlot({
      width: element.clientWidth || 600, height: HEIGHT, tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
      cursor: { points: { show: false } }, legend: { live: true },
      scales: { amount: {}, spread: {} },
      axes: [{ ...axis, values: (_, splits) => splits.map(clock) }, { ...axis, scale: "amount", size: 64 }, { ...axis, scale: "spread", side: 1, size: 64, grid: { show: false } }],
      series: [{ label: "Minute (UTC)", value: (_, at) => (at === null ? "–" : clock(at)) }, { ...side("Bought", "good"), scale: "amount" }, { ...side("Sold", "bad"), scale: "amount" },
        { label: name, scale: "spread", stroke: () => colour("accent"), width: 1.5, points: { show: false }, spanGaps: true, value: (_, amount) => amount ?? "–" }],
    }, [[], [], [], []], element);
    this.watch = new ResizeObserver(() => this.plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    this.watch.observe(element);
  }

  draw(columns) {
    this.plot.setData(columns);
  }

  repaint() {
    this.plot.redraw(false, true);
  }

  close() {
    this.watch.disconnect();
    this.plot.destroy();
  }
}

function loadStyle() {
  const address = import.meta.resolve("vendor/uplot.css");
  if (document.querySelector(`link[href="${address}"]`)) return;
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: address }));
}
