// The chart of one market: pages of candles joined as one scrolls to the left, live at its right end.
import { html, signal, useEffect, useMemo, useRef, useState } from "vendor/preact.js";
import { Icon } from "components/icons.js";
import { Empty, ErrorNote, Skeleton } from "components/states.js";
import { CandleDrawing } from "charts/candles.js";
import { barsOf, before, isGap, renewed } from "charts/bars.js";
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
  const [failed, setFailed] = useState(null);  // {error, retry: "first" or "older"}
  const [round, setRound] = useState(0);
  const columns = useColumns(loaded, show);
  const query = { ...series, columns: show.length ? columns : "" };
  const current = loaded.key === key ? loaded : null;

  const loading = useRef(null);
  useEffect(() => {
    const control = new AbortController();
    loading.current = control;
    setFailed(null);
    first(series, show, control.signal).then(
      (found) => setLoaded((old) => (old.key === key ? joined(old, found) : { key, ...found })),
      (error) => { if (!control.signal.aborted) setFailed({ error, retry: "first" }); },
    ).finally(() => { if (loading.current === control) loading.current = null; });
    return () => control.abort();
  }, [key, round]);
  useEffect(() => { if (current) told(current.indicators); }, [current?.names]);

  const live = useLive(current ? "/markets/candles" : null, { query: { ...query, limit: 2 }, every: EVERY });
  const mended = useRef(null);  // the newest candles, where some were missing before them
  useEffect(() => {
    if (!current || !live.data?.start.length) return;
    const newest = barsOf(live.data);
    if (!isGap(current.bars, newest)) setLoaded((old) => (old.key === key ? { ...old, bars: renewed(old.bars, newest) } : old));
    else if (!loading.current && mended.current !== live.data) {  // once: who answers with less than that would be asked without end
      mended.current = live.data;
      setRound((old) => old + 1);
    }
  }, [live.data, current?.page]);

  const asking = useRef(null);  // the controller of the page before, while it is on its way
  useEffect(() => () => { asking.current?.abort(); asking.current = null; }, [key]);
  async function older() {
    if (asking.current || !current.next) return;
    const control = new AbortController();
    asking.current = control;
    const free = () => { if (asking.current === control) asking.current = null; };
    try {
      const page = await get("/markets/candles", { query: { ...query, limit: PAGE, cursor: current.next }, signal: control.signal });
      setLoaded((old) => (old.key === key && old.next === current.next ? { ...old, bars: before(barsOf(page), old.bars), next: page.next } : old));
      setFailed((old) => (old?.retry === "older" ? null : old));
      free();
    } catch (error) {
      if (control.signal.aborted) return;
      setFailed({ error, retry: "older" });
      setTimeout(free, EVERY);
    }
  }
  function retry() {
    if (failed.retry === "first") setRound((old) => old + 1);
    else { asking.current = null; older(); }
  }
  const note = failed && html`<${ErrorNote} error=${failed.error} retry=${retry} />`;
  if (!current) return note ?? html`<div class="markets-chart"><${Skeleton} lines=${8} /></div>`;
  if (!current.bars.time.length) return html`${note}<${NoCandles} series=${series} />`;
  const chosen = current.indicators.filter((one) => show.includes(one.key));
  return html`${note}<${Canvas} key=${key} series=${series} bars=${current.bars} indicators=${chosen} fills=${fills} older=${older} />`;
}

// The names of columns are known once a page has told them.
function useColumns(loaded, show) {
  return useMemo(() => columnsOf(loaded.indicators ?? [], show), [loaded.indicators, show.join()]);
}

const columnsOf = (indicators, show) => indicators.filter((one) => show.includes(one.key))
  .flatMap((one) => one.columns.map((column) => column.name)).join(",");

// `page` is the newest as it was loaded last; what is older stays, where nothing is missing between.
function joined(old, found) {
  if (isGap(old.bars, found.bars)) return { key: old.key, ...found };
  const next = old.bars.time[0] < found.bars.time[0] ? old.next : found.next;
  return { ...old, ...found, bars: renewed(old.bars, found.bars), next };
}

async function first(series, show, abort) {
  const asked = { ...series, limit: FIRST };
  let answer = await get("/markets/candles", { query: asked, signal: abort });
  const indicators = indicatorsOf(answer.columns);
  const columns = columnsOf(indicators, show);
  if (columns) answer = await get("/markets/candles", { query: { ...asked, columns }, signal: abort });
  const bars = barsOf(answer);
  return { page: bars, bars, next: answer.next, indicators, names: answer.columns.join() };
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
