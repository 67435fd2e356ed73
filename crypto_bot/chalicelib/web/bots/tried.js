// A backtest in this browser: its candles fetched, the engine run on them, and what came of it shown.
import { html, useEffect, useRef, useState } from "vendor/preact.js";
import { Card } from "components/parts.js";
import { toast } from "components/toast.js";
import { Aborted, EngineMissing, backtest, coolDown, hasEngine } from "bots/engine.js";
import { Whole } from "bots/result.js";
import { get } from "lib/api.js";

const PAGE = 5000;
const MOST_CANDLES = 600000;
const COLUMNS = ["open", "high", "low", "close", "volume"];

// -> {job, error, running, begin(asked, told), abort()}, as of useJob; and `found`, {chart, told}
export function useTried() {
  const [job, setJob] = useState(null);
  const [error, setError] = useState(null);
  const [found, setFound] = useState(null);
  const under = useRef(null);
  useEffect(() => () => { under.current?.abort(); setTimeout(coolDown); }, []);

  // asked: for the engine; told: {name, source, keep()}; otherwise(why): where it must run in the program
  async function begin(asked, told, otherwise) {
    const fetching = new AbortController();
    let isOver = false;
    under.current = { abort: () => { isOver = true; fetching.abort(); } };
    setError(null);
    setFound(null);
    setJob({ state: "running", steps: 0, total: 0, doing: "fetching candles…" });
    try {
      const columns = {};
      for (const symbol of asked.instruments) columns[symbol] = await columnsOf(asked, symbol, fetching.signal);
      if (isOver) throw new Aborted("The backtest was ended.");
      setJob({ state: "running", steps: 0, total: 0, doing: "starting the engine…" });
      const running = backtest(asked, columns, (steps, total) => setJob({ state: "running", steps, total }));
      under.current = running;
      const answer = await running.answer;
      if (answer.elsewhere) otherwise(`ctx.${answer.elsewhere} is known to the program alone: it runs there.`);
      else if (answer.error) setError(failure(answer));
      else setFound({ chart: answer.chart, told });
    } catch (caught) {
      if (caught instanceof Aborted || caught.name === "AbortError") toast("The backtest was ended.");
      else if (caught instanceof EngineMissing) otherwise(`The engine cannot run in this browser (${caught.message}): it runs in the program.`);
      else setError(caught);
    } finally {
      under.current = null;
      setJob(null);
    }
  }
  return { job, error, found, running: job !== null, begin, abort: () => under.current?.abort(), forget: () => setFound(null) };
}

// Which venue's candles are meant; "" where there are none of all instruments.
export function venueOf(asked, series) {
  const of = (symbol) => series.filter((each) => each.symbol === symbol && each.interval === asked.interval).map((each) => each.venue);
  const [first, ...others] = asked.instruments;
  const shared = of(first).filter((venue) => others.every((symbol) => of(symbol).includes(venue)));
  return asked.venue ?? shared[0] ?? "";
}

export const canTry = (asked, series) => hasEngine() && asked.instruments.length > 0 && venueOf(asked, series) !== "";

async function columnsOf({ venue, interval, since, until }, symbol, signal) {
  const pages = [];
  let cursor;
  let count = 0;
  do {
    const page = await get("/markets/candles", { query: { venue, symbol, interval, since, until, limit: PAGE, cursor }, signal });
    pages.unshift(page);
    count += page.start.length;
    if (count > MOST_CANDLES) throw new EngineMissing(`more than ${MOST_CANDLES.toLocaleString("en")} candles are too many`);
    cursor = page.next;
  } while (cursor);
  const column = (read) => Float64Array.from(pages.flatMap(read));
  return [column((page) => page.start.map(Date.parse)), ...COLUMNS.map((name) => column((page) => page[name].map(Number)))];
}

function failure({ error, field }) {
  const message = error.includes("MemoryError") ? `${error.replace(/: *$/, "")}. A page has at most 1 GB for it: try fewer candles, or press Run and keep.` : error;
  return Object.assign(new Error(message.charAt(0).toUpperCase() + message.slice(1)), { field });
}

export function Tried({ name, tried, source }) {
  const { chart, told } = tried.found;
  const card = useRef(null);
  useEffect(() => card.current?.scrollIntoView({ behavior: "smooth", block: "start" }), [chart]);
  const isOld = source.text !== told.source;
  const acts = html`<button class="small" disabled=${isOld} title=${isOld ? "The source has changed since" : ""} onClick=${told.keep}>Keep</button>
    <button class="small quiet" onClick=${tried.forget}>Close</button>`;
  return html`<div ref=${card}><${Card} wide title="Backtest of ${name} in this browser" acts=${acts}>
    <p class="muted">Not kept: <em>Keep</em> runs it once more in the program, which keeps it with its version.</p>
    <${Whole} key=${tried.found} name=${name} data=${chart} others=${[]} /><//></div>`;
}
