// What arrived and what became of it; a row opens its whole story.
import { html, useEffect, useRef, useState } from "vendor/preact.js";
import { Icon } from "components/icons.js";
import { Badge, PageHead } from "components/parts.js";
import { SignalStory } from "components/signal-story.js";
import { Ago, AsOf, Empty, ErrorNote, Shown } from "components/states.js";
import { Table } from "components/table.js";
import { TestSignal } from "components/test-signal.js";
import { words } from "lib/format.js";
import { useGrowing } from "lib/growing.js";
import { useLive } from "lib/live.js";
import { go, setQuery } from "lib/route.js";
import { mayAct } from "lib/session.js";

const AT_ONCE = 200;
const TYPING = 250;
const STATUSES = ["RECEIVED", "PLANNED", "EXECUTED", "PARTIALLY_EXECUTED", "SKIPPED", "SUPERSEDED", "EXPIRED", "REJECTED", "DENIED", "QUARANTINED"];

const COLUMNS = [
  { name: "Received", cell: (row) => html`<${Ago} at=${row.received_at} />` },
  { name: "Strategy", wide: true, cell: (row) => row.strategy },
  { name: "Wish", cell: (row) => html`<${Badge} of=${row.state} /> ${row.symbol} ${row.test && html`<${Badge} of="test" />`}<small class="narrow-only">${row.strategy}</small>` },
  { name: "Outcome", cell: (row) => html`<${Badge} of=${row.status} />` },
  { name: "Why", wide: true, cell: (row) => html`<span title=${row.reason}>${row.waits_for?.length ? `waits for your word on ${row.waits_for.join(", ")}` : row.reason}</span>` },
  { name: "Comment", wide: true, cell: (row) => html`<span class="muted" title=${row.comment}>${row.comment}</span>` },
];

function Page({ id, query }) {
  const [testing, setTesting] = useState(false);
  const asked = { strategy: query.strategy, status: query.status, text: query.text };
  const live = useGrowing("/signals", "signals", { query: { limit: AT_ONCE, ...given(asked) } });
  const filtered = Object.keys(given(asked)).length > 0;
  const close = () => go("/signals", [], asked);
  return html`<${PageHead} title="Signals" at=${html`<${AsOf} at=${live.at} />`}>
      ${mayAct.value && html`<button onClick=${() => setTesting(true)}><${Icon} name="send" size="16" /> Send a test signal</button>`}<//>
    <${Filters} query=${asked} count=${live.rows.length} more=${live.more} />
    <${Shown} live=${live} lines=${12}>${() => (live.rows.length || live.more
      ? html`<${Table} label="Signals" columns=${COLUMNS} rows=${live.rows} rowKey=${(row) => row.id} opened=${id}
          open=${(row) => go("/signals", [row.id], asked)} nearEnd=${live.load}
          foot=${live.loadError && html`<${ErrorNote} error=${live.loadError} retry=${live.load} />`} />`
      : filtered ? html`<${Empty} title="No signal fits" icon="search"><button onClick=${() => setQuery(NO_FILTER)}>Show all</button><//>`
        : html`<${Empty} title="No alert has arrived yet" icon="signal">Take a strategy's <a href="#/strategies">alert message and webhook URL</a> to TradingView, or send a test signal.<//>`)}<//>
    ${id && html`<${SignalStory} key=${id} id=${id} close=${close} />`}
    ${testing && html`<${TestSignal} close=${() => setTesting(false)} />`}`;
}

const NO_FILTER = { strategy: undefined, status: undefined, text: undefined };
const given = (query) => Object.fromEntries(Object.entries(query).filter(([, value]) => value));

function Filters({ query, count, more }) {
  const [text, setText] = useState(query.text ?? "");
  const known = useRef(text);  // what the address had last: only what comes from elsewhere replaces what is being typed
  const strategies = useLive("/strategies", { every: 0 }).data?.strategies ?? [];
  useEffect(() => {
    const timer = setTimeout(() => { if (text !== known.current) { known.current = text; setQuery({ text: text || undefined }); } }, TYPING);
    return () => clearTimeout(timer);
  }, [text]);
  useEffect(() => {
    const given = query.text ?? "";
    if (given === known.current) return;
    known.current = given;
    setText(given);
  }, [query.text]);
  const choose = (name) => (event) => setQuery({ [name]: event.target.value || undefined });
  return html`<div class="bar" role="search">
    <div class="search"><${Icon} name="search" size="16" /><input type="search" placeholder="Ticker, comment, reason, id" aria-label="Search signals"
      value=${text} onInput=${(event) => setText(event.target.value)} /></div>
    <select aria-label="Strategy" value=${query.strategy ?? ""} onChange=${choose("strategy")}>
      <option value="">All strategies</option>${strategies.map(({ name }) => html`<option key=${name} value=${name}>${name}</option>`)}</select>
    <select aria-label="Outcome" value=${query.status ?? ""} onChange=${choose("status")}>
      <option value="">All outcomes</option>${STATUSES.map((status) => html`<option key=${status} value=${status}>${words(status)}</option>`)}</select>
    <span class="count" role="status">${count}${more ? "+" : ""} ${count === 1 ? "signal" : "signals"}</span></div>`;
}

export const page = { Page };
