// Exported lists of trades as one portfolio: what each policy of the allocator would have made of them.
import { html, useMemo, useRef, useState } from "vendor/preact.js";
import { Icon } from "components/icons.js";
import { Badge, Card, Field, PageHead, Tabs } from "components/parts.js";
import { Empty, ErrorNote, Shown } from "components/states.js";
import { Table } from "components/table.js";
import { EquityChart } from "bots/charts.js";
import { FIRST, NAMES, change, figure } from "bots/figures.js";
import { Progress, useJob } from "bots/job.js";
import { amount, fullTime, money, percent, signed, tone, words } from "lib/format.js";
import { useLive } from "lib/live.js";
import { setQuery } from "lib/route.js";
import { mayAct } from "lib/session.js";

const MOST = 4_000_000;
const ZIPPED = "PK\x03\x04";  // how a spreadsheet begins: it is an archive
const USUAL = { prices: "list", interval: "1h", timeframe: "", timezone: "UTC", cash: "10000", fee: "0.001", slippage: "0", lag: "0" };

function Page({ query }) {
  const [lists, setLists] = useState([]);
  const [terms, setTerms] = useState(USUAL);
  const [problem, setProblem] = useState(null);
  const job = useJob((ended) => { if (ended.state === "done") setQuery({ id: ended.id }); });
  if (!mayAct.value && !query.id) return html`<${PageHead} title="Replay" /><${Empty} title="Only an owner can begin a replay" icon="replay">The token of a viewer can look at one that was begun.<//>`;

  async function add(files) {
    setProblem(null);
    const chosen = [...files];  // the list empties itself while they are read
    const read = await Promise.all(chosen.map(async (file) => ({ name: nameOf(file.name), symbol: symbolOf(file.name), text: await file.text() })));
    const zipped = read.findIndex(({ text }) => text.startsWith(ZIPPED));
    if (zipped >= 0) {
      setProblem({ message: `${chosen[zipped].name} is a spreadsheet or an archive (it begins with PK), and a list of trades is text: export it as CSV.` });
      return;
    }
    const known = new Set(lists.map((each) => each.name));
    const together = [...lists, ...read.filter((each) => !known.has(each.name))];
    const size = together.reduce((sum, each) => sum + each.text.length, 0);
    if (size > MOST) setProblem({ message: `These lists have ${size.toLocaleString("en")} characters together; at most ${MOST.toLocaleString("en")} are taken at once.` });
    else setLists(together);
  }
  function run() {
    setQuery({ id: undefined });  // what is found next stands alone
    job.begin("/replays", bodyOf(lists, terms));
  }
  const ready = lists.length > 0 && lists.every((each) => /^[A-Z0-9]+\/[A-Z0-9]+$/.test(each.symbol));
  return html`<${PageHead} title="Replay" />
    <p class="muted">TradingView's “List of trades” of several strategies goes alert by alert through the allocator that trades, on a virtual account, once for each policy.</p>
    ${mayAct.value && html`<${Card} wide title="Lists of trades">
      <${Drop} add=${add} />
      ${lists.length > 0 && html`<${Lists} lists=${lists} change=${setLists} />`}
      <${Terms} terms=${terms} change=${setTerms} />
      <${ErrorNote} error=${problem ?? job.error ?? (job.job?.state === "failed" ? { message: job.job.error } : null)} />
      <div class="bar"><button class="primary" disabled=${!ready || job.running} onClick=${run}><${Icon} name="play" size="15" /> Replay</button>
        ${lists.length > 0 && !ready && html`<small>Say of each list what it trades, such as BTC/USDT.</small>`}</div>
      <${Progress} of=${job} what="Replay" /><//>`}
    ${query.id && html`<${Results} key=${query.id} id=${query.id} />`}`;
}

function Drop({ add }) {
  const input = useRef(null);
  const [over, setOver] = useState(false);
  const take = (event) => { event.preventDefault(); setOver(false); add(event.dataTransfer.files); };
  return html`<div class="drop ${over ? "over" : ""}" onDragOver=${(event) => { event.preventDefault(); setOver(true); }} onDragLeave=${() => setOver(false)} onDrop=${take}>
    <p>In TradingView's Strategy Tester: List of trades, then Export to CSV. Drop the files here, or</p>
    <button onClick=${() => input.current.click()}><${Icon} name="plus" size="15" /> Choose files</button>
    <input ref=${input} class="unseen" type="file" multiple accept=".csv,text/csv" aria-label="Lists of trades" tabindex="-1"
      onChange=${(event) => { add(event.target.files); event.target.value = ""; }} /></div>`;
}

function Lists({ lists, change }) {
  const set = (index, given) => change(lists.map((each, at) => (at === index ? { ...each, ...given } : each)));
  return html`<ul class="lists">${lists.map((each, index) => html`<li key=${index}>
    <${Field} label="Strategy" value=${each.name} onInput=${(event) => set(index, { name: event.target.value })} />
    <${Field} label="Trades" placeholder="BTC/USDT" value=${each.symbol} onInput=${(event) => set(index, { symbol: event.target.value.toUpperCase() })} />
    <small>${each.text.split("\n").length.toLocaleString("en")} lines</small>
    <button class="quiet" aria-label="Leave ${each.name} out" onClick=${() => change(lists.filter((_one, at) => at !== index))}><${Icon} name="trash" size="16" /></button></li>`)}</ul>`;
}

function Terms({ terms, change }) {
  const set = (name) => (event) => change({ ...terms, [name]: event.target.value });
  return html`<div class="fields">
    <${Field} label="Prices">${(given) => html`<select ...${given} value=${terms.prices} onChange=${set("prices")}>
      <option value="list">of the lists themselves</option><option value="lake">candles of the lake</option></select>`}<//>
    ${terms.prices === "lake" && html`<${Field} label="Candles of" value=${terms.interval} onInput=${set("interval")} />`}
    <${Field} label="The charts' interval" hint="empty: as the lists' times show" value=${terms.timeframe} onInput=${set("timeframe")} />
    <${Field} label="The charts' time zone" value=${terms.timezone} onInput=${set("timezone")} />
    <${Field} label="Cash" inputmode="decimal" value=${terms.cash} onInput=${set("cash")} />
    <${Field} label="Fee" hint="0.001 is 0.1 %" inputmode="decimal" value=${terms.fee} onInput=${set("fee")} />
    <${Field} label="Slippage" hint="hundredths of a percent" inputmode="decimal" value=${terms.slippage} onInput=${set("slippage")} />
    <${Field} label="Alerts come late by" hint="seconds" type="number" min="0" max="86400" value=${terms.lag} onInput=${set("lag")} /></div>`;
}

function bodyOf(lists, { prices, interval, lag, ...terms }) {
  return { ...terms, lists, lag: Number(lag) || 0, ...(prices === "list" ? { list_prices: true } : { interval }) };
}

const nameOf = (file) => file.replace(/\.[^.]*$/, "").replace(/[^A-Za-z0-9._ -]/g, "_").replace(/^[ -]+|[ -]+$/g, "").slice(0, 40) || "list";
const symbolOf = (file) => {
  const found = /(?:^|[^A-Z0-9])([A-Z0-9]{2,10}?)[-_/]?(USDT|USDC|USD|EUR|BTC)(?:[^A-Z0-9]|$)/.exec(file.toUpperCase());
  return found ? `${found[1]}/${found[2]}` : "";
};

function Results({ id }) {
  const live = useLive(`/replays/${encodeURIComponent(id)}`, { every: 0 });
  return html`<${Shown} live=${live}>${(data) => html`<${Found} data=${data} />`}<//>`;
}

function Found({ data }) {
  const [policy, choose] = useState(data.policies[0].policy);
  const shown = data.policies.find((each) => each.policy === policy);
  const curves = useMemo(() => data.policies.map((each) => ({
    name: words(each.policy), at: each.equity.map(({ day }) => Date.parse(day)), values: each.equity.map(({ equity }) => equity),
  })), [data]);
  const columns = [{ name: "Figure", cell: (name) => NAMES[name] }, ...data.policies.map((each) => ({
    name: words(each.policy), end: true, cell: (name) => html`<span class=${tone(change(name, each.summary[name]) ?? 0)}>${figure(name, each.summary[name])}</span>` }))];
  return html`<${Card} wide title="Policies side by side">
      <p class="muted">${data.alerts.toLocaleString("en")} alerts of ${data.lists.length === 1 ? "one list" : `${data.lists.length} lists`}, prices: ${data.prices}, ${money(data.account.cash)} ${data.account.quote} at the beginning.</p>
      ${data.notes.map((note) => html`<div key=${note} class="note warn"><${Icon} name="warning" /><div>${note}</div></div>`)}
      <${EquityChart} curves=${curves} drawdown=${null} label="Equity under each policy" />
      <${Table} short label="Figures of each policy" columns=${columns} rows=${FIRST} rowKey=${(name) => name} /><//>
    <${Card} wide title="In detail" acts=${html`<${Tabs} label="Policy" value=${policy} choose=${choose} options=${data.policies.map((each) => [each.policy, words(each.policy)])} />`}>
      <${Table} short label="What each strategy came to" columns=${STRATEGIES} rows=${shown.strategies} rowKey=${(row) => row.strategy} />
      ${shown.reasons.length > 0 && html`<h3>Alerts that were not followed, and why</h3>
        <${Table} short label="Reasons" columns=${reasonColumns(shown.reasons[0])} rows=${shown.reasons} rowKey=${(row) => JSON.stringify(row)} />`}
      <h3>${shown.alerts.length < shown.alerts_in_all ? `The last ${shown.alerts.length} of ${shown.alerts_in_all} alerts` : "Alerts"}</h3>
      <${Table} short label="Alerts" columns=${ALERTS} rows=${shown.alerts.slice().reverse()} rowKey=${(row) => `${row.strategy} ${row.at} ${row.state}`} /><//>`;
}

const STRATEGIES = [
  { name: "Strategy", cell: (row) => row.strategy },
  { name: "Instrument", wide: true, cell: (row) => row.symbol },
  { name: "Weight", end: true, cell: (row) => percent(row.weight) },
  { name: "Profit", end: true, cell: (row) => html`<span class=${tone(row.profit)}>${signed(row.profit)}</span>` },
  { name: "Fees", end: true, wide: true, cell: (row) => money(row.fees) },
  { name: "Alerts", end: true, cell: (row) => row.alerts },
  { name: "Executed", end: true, cell: (row) => row.executed },
  { name: "Skipped", end: true, cell: (row) => row.skipped + row.missed + row.superseded },
];
const reasonColumns = (row) => Object.keys(row).map((name) => ({ name: words(name), cell: (each) => String(each[name]) }));
const ALERTS = [
  { name: "Alert", cell: (row) => fullTime(row.at) },
  { name: "Strategy", cell: (row) => row.strategy },
  { name: "Wants", cell: (row) => html`<${Badge} of=${row.state} />` },
  { name: "Status", cell: (row) => html`<${Badge} of=${row.status ?? "open"} />` },
  { name: "Why", wide: true, cell: (row) => row.reason },
  { name: "Listed", end: true, wide: true, cell: (row) => amount(row.listed_price) },
  { name: "Price", end: true, cell: (row) => amount(row.price) },
  { name: "Quantity", end: true, wide: true, cell: (row) => amount(row.quantity) },
];

export const page = { Page };
