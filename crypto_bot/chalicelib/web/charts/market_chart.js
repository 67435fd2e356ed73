// The chart of one market: pages of candles joined as one scrolls to the left, live at its right end.
import { html, signal, useEffect, useMemo, useRef, useState } from "vendor/preact.js";
import { Icon } from "components/icons.js";
import { Empty, ErrorNote, Skeleton } from "components/states.js";
import { CandleDrawing } from "charts/candles.js";
import { barsOf, before, renewed } from "charts/bars.js";
import { indicatorsOf } from "charts/indicators.js";
import { get } from "lib/api.js";
import { NOTHING, amount, fullTime } from "lib/format.js";
import { useLive } from "lib/live.js";
import { theme } from "lib/theme.js";

const FIRST = 1000;
const PAGE = 5000;
const NEAR = 60;  // so many candles from the left end the page before is asked for
const EVERY = 5000;

// series: {venue, symbol, interval, account}; show: keys of indicators; fills: [{at, side, quantity}]
// told(indicators): which there are
export function MarketChart({ series, show, fills, told }) {
  const key = JSON.stringify([series, show]);
  const [loaded, setLoaded] = useState({ key: "" });
  const [error, setError] = useState(null);
  const columns = useColumns(loaded, show);
  const query = { ...series, columns: show.length ? columns : "" };
  const current = loaded.key === key ? loaded : null;

  useEffect(() => {
    const control = new AbortController();
    setError(null);
    first(series, show, control.signal).then(
      (found) => setLoaded({ key, ...found }),
      (caught) => { if (caught.name !== "AbortError") setError(caught); },
    );
    return () => control.abort();
  }, [key]);
  useEffect(() => { if (current) told(current.indicators); }, [current?.names]);

  const live = useLive(current ? "/markets/candles" : null, { query: { ...query, limit: 2 }, every: EVERY });
  const [bars, setBars] = useState({ of: null });
  const whole = bars.of === current?.bars ? bars : { of: current?.bars, all: current?.bars, next: current?.next };
  useEffect(() => {
    if (!current || !live.data?.start.length) return;
    setBars((old) => {
      const base = old.of === current.bars ? old : { of: current.bars, all: current.bars, next: current.next };
      return { ...base, all: renewed(base.all, barsOf(live.data)) };
    });
  }, [live.data, current]);

  const busy = useRef(false);
  async function older() {
    if (busy.current || !whole.next) return;
    busy.current = true;
    try {
      const page = await get("/markets/candles", { query: { ...query, limit: PAGE, cursor: whole.next } });
      setBars((old) => {
        const base = old.of === current.bars ? old : whole;
        return { ...base, all: before(barsOf(page), base.all), next: page.next };
      });
      busy.current = false;
    } catch (caught) {
      setError(caught);
      setTimeout(() => { busy.current = false; }, EVERY);
    }
  }
  if (error && !current) return html`<${ErrorNote} error=${error} />`;
  if (!current) return html`<div class="markets-chart"><${Skeleton} lines=${8} /></div>`;
  if (!whole.all.time.length) return html`<${NoCandles} series=${series} />`;
  const chosen = current.indicators.filter((one) => show.includes(one.key));
  return html`<${ErrorNote} error=${error} /><${Canvas} key=${key} series=${series} bars=${whole.all} indicators=${chosen} fills=${fills} older=${older} />`;
}

// The names of columns are known once a page has told them.
function useColumns(loaded, show) {
  return useMemo(() => columnsOf(loaded.indicators ?? [], show), [loaded.indicators, show.join()]);
}

const columnsOf = (indicators, show) => indicators.filter((one) => show.includes(one.key))
  .flatMap((one) => one.columns.map((column) => column.name)).join(",");

async function first(series, show, abort) {
  const asked = { ...series, limit: FIRST };
  let answer = await get("/markets/candles", { query: asked, signal: abort });
  const indicators = indicatorsOf(answer.columns);
  const columns = columnsOf(indicators, show);
  if (columns) answer = await get("/markets/candles", { query: { ...asked, columns }, signal: abort });
  return { bars: barsOf(answer), next: answer.next, indicators, names: answer.columns.join() };
}

function NoCandles({ series }) {
  return html`<${Empty} title="No candles of ${series.symbol} in ${series.interval} yet" icon="markets">
    What is collected becomes candles of longer intervals, with indicators, by <code>crypto-bot load-candles</code>.<//>`;
}

function Canvas({ series, bars, indicators, fills, older }) {
  const box = useRef(null);
  const drawing = useRef(null);
  const latest = useRef({});
  latest.current = { bars, older, indicators };
  const [hovered] = useState(() => signal(null));

  useEffect(() => {
    const made = new CandleDrawing(box.current, {
      seen: (from) => { if (from < NEAR) latest.current.older(); },
      hover: (time) => { hovered.value = time; },
    });
    drawing.current = made;
    made.draw(bars, indicators);
    const unhear = theme.subscribe(() => setTimeout(() => made === drawing.current && made.repaint(latest.current.indicators)));
    return () => { unhear(); drawing.current = null; made.close(); };
  }, []);
  useEffect(() => { if (drawing.current?.bars !== bars) drawing.current.follow(bars, indicators); }, [bars]);
  const marks = useMemo(() => marksOf(fills, bars.time), [fills, bars.time]);
  useEffect(() => drawing.current.mark(marks), [marks]);
  const act = (name, ...given) => () => drawing.current[name](...given);
  return html`<div class="markets-legend"><${Legend} bars=${bars} hovered=${hovered} />
      <div class="acts"><button class="small" aria-label="Fewer candles" onClick=${act("zoom", 1.5)}><${Icon} name="plus" size="14" /></button>
        <button class="small" aria-label="More candles" onClick=${act("zoom", 1 / 1.5)}><span aria-hidden="true">−</span></button>
        <button class="small" onClick=${act("all")}>All</button><button class="small" onClick=${act("newest")}>Newest</button></div></div>
    <div class="markets-canvas" ref=${box} role="figure" aria-label=${summary(series, bars)}></div>`;
}

function summary({ symbol, interval }, bars) {
  return `${symbol}, candles of ${interval}: ${bars.time.length}, the last closed at ${bars.last?.close ?? NOTHING}. The table below has the newest.`;
}

function Legend({ bars, hovered }) {
  const place = hovered.value === null ? -1 : bars.time.indexOf(hovered.value);
  const at = place < 0 ? bars.time.length - 1 : place;
  const text = (name) => amount(place < 0 && bars.last ? bars.last[name] : name === "volume" ? String(bars[name][at]) : bars[name][at].toFixed(bars.digits));
  const tone = bars.close[at] < bars.open[at] ? "down" : "up";
  return html`<dl class="markets-ohlc" aria-hidden="true"><div><dt>${fullTime(bars.time[at] * 1000)}</dt></div>
    ${["open", "high", "low", "close"].map((name) => html`<div key=${name}><dt>${name[0].toUpperCase()}</dt><dd class=${tone}>${text(name)}</dd></div>`)}
    ${bars.volume[at] > 0 && html`<div><dt>V</dt><dd>${text("volume")}</dd></div>`}</dl>`;
}

// One mark for each candle and side: a mark for each of a hundred fills would hide the candle.
function marksOf(fills, times) {
  const found = new Map();
  for (const fill of fills) {
    const time = candleOf(times, Date.parse(fill.at) / 1000);
    if (time === null) continue;
    const name = `${time} ${fill.side}`;
    const mark = found.get(name) ?? { time, side: fill.side, count: 0, text: "" };
    mark.count += 1;
    mark.text = mark.count > 1 ? `${mark.count}×` : amount(fill.quantity, 4);
    found.set(name, mark);
  }
  return [...found.values()].sort((one, other) => one.time - other.time);
}

function candleOf(times, at) {
  if (!times.length || at < times[0]) return null;
  let [low, high] = [0, times.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (times[middle] <= at) low = middle;
    else high = middle - 1;
  }
  return times[low];
}
