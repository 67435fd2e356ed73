// One deployment: how it stands, its chart, signals, orders, state and log, and what may be done with it.
import { html, useMemo, useState } from "vendor/preact.js";
import { confirmAct } from "components/confirm.js";
import { Dialog } from "components/dialog.js";
import { Icon } from "components/icons.js";
import { Badge, Card, Code, Facts, Field, Figure, Mode, PageHead, Tabs } from "components/parts.js";
import { AsOf, Empty, Shown } from "components/states.js";
import { Table } from "components/table.js";
import { EquityChart, FillChart } from "bots/charts.js";
import { Parameters } from "bots/trial_form.js";
import { amount, fullTime, money, time } from "lib/format.js";
import { useLive } from "lib/live.js";
import { go, href } from "lib/route.js";
import { mayAct } from "lib/session.js";
import { gained, stateOf } from "pages/deployments.js";

const SIGNALS = [
  { name: "Candle closed", cell: (row) => html`<a href=${href("/signals", [row.id])}>${time(row.at)}</a>` },
  { name: "Instrument", cell: (row) => row.symbol },
  { name: "Wants", cell: (row) => html`<${Badge} of=${row.state} />` },
  { name: "Price", end: true, wide: true, cell: (row) => amount(row.price) },
  { name: "Outcome", cell: (row) => (row.outcomes.length
    ? row.outcomes.map((each) => html`<span key=${each.account} title=${each.reason}>${each.account} <${Badge} of=${each.status} /> </span>`) : html`<${Badge} of=${row.status} />`) },
];
const ORDERS = [
  { name: "Created", cell: (row) => html`<a href=${href("/orders", [], { open: row.id })}>${time(row.at)}</a>` },
  { name: "Account", wide: true, cell: (row) => row.account },
  { name: "Side", cell: (row) => html`<${Badge} of=${row.side} />` },
  { name: "Instrument", cell: (row) => row.symbol },
  { name: "Filled", end: true, cell: (row) => `${amount(row.filled)} of ${amount(row.quantity)}` },
  { name: "Status", cell: (row) => html`<${Badge} of=${row.status} />${row.reason && html` <small>${row.reason}</small>`}` },
];

function Page({ name }) {
  const path = `/deployments/${encodeURIComponent(name)}`;
  const live = useLive(path);
  const [updating, setUpdating] = useState(false);
  return html`<${PageHead} title=${name} at=${html`<${AsOf} at=${live.at} />`}>
      ${live.data && mayAct.value && html`<${Acts} of=${live.data} path=${path} update=${() => setUpdating(true)} />`}<//>
    <${Shown} live=${live}>${(data) => html`<${Whole} data=${data} path=${path} />`}<//>
    ${live.error && !live.data && html`<p><a href=${href("/deployments")}>All deployments</a></p>`}
    ${updating && html`<${UpdateDialog} of=${live.data} path=${path} close=${() => setUpdating(false)} />`}`;
}

function Acts({ of: { name, state, bot, resting, followers }, path, update }) {
  const isLive = followers.some((each) => each.mode === "live");
  const stop = () => confirmAct({ title: `Stop ${name}`, verb: "Stop", path: `${path}/stop`, danger: true });
  const start = () => confirmAct({ title: `Let ${name} go on`, verb: "Go on", path: `${path}/start`, danger: isLive });
  const forget = () => confirmAct({ title: `Delete ${name}`, verb: "Delete", path: `${path}/delete`, danger: true, done: () => go("/deployments") });
  const goesOn = state !== "running" || Object.keys(resting).length > 0;
  return html`${bot && html`<button onClick=${update}>Update</button>`}
    ${goesOn && html`<button onClick=${start}><${Icon} name="play" size="15" /> Go on</button>`}
    ${state === "running" ? html`<button class="danger" onClick=${stop}><${Icon} name="stop" size="15" /> Stop</button>` : html`<button class="danger" onClick=${forget}><${Icon} name="trash" size="15" /> Delete</button>`}`;
}

function Whole({ data, path }) {
  const [part, show] = useState("signals");
  const marks = useLive(`${path}/marks`, { query: { limit: 500 } });
  const more = data.newest_version && data.newest_version !== data.version;
  return html`
    ${data.why && html`<div class="note warn" role="status"><${Icon} name="warning" /><div>${data.why}</div></div>`}
    ${Object.entries(data.resting).map(([symbol, why]) => html`<div key=${symbol} class="note warn" role="status"><${Icon} name="warning" /><div>${symbol}: ${why}</div></div>`)}
    <div class="cards">
      <${Card} title="How it stands">
        ${data.standing.map((each, index) => html`<dl key=${each.symbol} class="figures">
          <${Figure} name=${each.symbol} value=${each.close === null ? "no candle yet" : amount(each.close)} note=${each.seen ? `candle of ${fullTime(each.seen)}` : "it waits for its first candle"} />
          <${Figure} name="Holds" value=${amount(each.quantity ?? "0")} />
          ${(index === 0 || !data.together) && html`
            <${Figure} name=${data.together ? "Equity of all" : "Equity"} value=${each.equity === null ? "–" : money(each.equity)} />
            <${Figure} name=${data.together ? "Gain of all" : "Gain"} value=${gained(each.gain)} change=${each.gain ?? 0} />`}</dl>`)}
        <p class="muted">By its own reckoning: as if every order had been filled whole at the close.</p><//>
      <${Card} title="What it is">
        <${Facts} of=${[["State", html`<${Badge} of=${stateOf(data)} />`],
          ["Bot", html`<a href=${href("/bots", [data.bot], data.version ? { version: data.version } : { view: "ready" })}>${data.bot} ${data.version ?? ""}</a>${more && html` <small>newest is ${data.newest_version}</small>`}`],
          ["Strategy", data.strategy], ["Traded by", data.followers.length ? data.followers.map((each) => html`<span key=${each.account}>${each.account} <${Mode} of=${each.mode} /> </span>`) : html`<span class="bad">no account</span>`],
          ["On", `${data.instruments.join(", ")} ${data.interval}`], ["Cash it reckons with", money(data.cash)],
          ["Parameters", Object.entries(data.parameters).map(([key, value]) => `${key} ${value}`).join(", ")], ["Heard since", fullTime(data.since)]]} /><//>
    </div>
    <${Chart} marks=${marks} of=${data} />
    <${Card} wide title="What came of it" acts=${html`<${Tabs} label="Details" value=${part} choose=${show} options=${[["signals", `Signals (${data.signals.length})`], ["orders", `Orders (${data.orders.length})`], ["log", "Log"], ["state", "State"]]} />`}>
      ${PARTS[part](data, marks)}<//>`;
}

const PARTS = {
  signals: (data) => (data.signals.length ? html`<${Table} short label="Signals" columns=${SIGNALS} rows=${data.signals} rowKey=${(row) => row.id} />`
    : html`<${Empty} title="It has sent no signal yet" icon="signal">It decides at each candle that closes, and sends one when it wants something else than before.<//>`),
  orders: (data) => (data.orders.length ? html`<${Table} short label="Orders" columns=${ORDERS} rows=${data.orders} rowKey=${(row) => row.id} />`
    : html`<${Empty} title="No orders came of its signals yet" icon="orders">They are made at the next tick of the accounts that follow ${data.strategy}.<//>`),
  log: (_data, marks) => html`<${Shown} live=${marks}>${({ marks: found }) => {
    const lines = found.flatMap((each) => each.lines.map((line) => `${each.at.slice(0, 16).replace("T", " ")}  ${each.symbol}  ${line}`));
    return lines.length ? html`<div class="code"><pre tabindex="0" aria-label="Log">${lines.join("\n")}</pre></div>` : html`<p class="muted">It has said nothing yet.</p>`;
  }}<//>`,
  state: (data) => Object.entries(data.states).map(([symbol, state]) => html`<h3 key=${symbol}>${symbol}</h3>
    ${state === null ? html`<p class="muted">It has not begun.</p>` : html`<${Code} label="State on ${symbol}" text=${JSON.stringify(state, null, 2)} />`}`),
};

// The candles that it keeps by itself, with its curves and signals; a line of closes where it keeps none.
function Chart({ marks, of: data }) {
  const [chosen, choose] = useState("");
  const symbol = data.instruments.includes(chosen) ? chosen : data.instruments[0];
  const drawn = useMemo(() => (marks.data ? instrumentOf(marks.data, symbol, data.signals) : null), [marks.data, symbol, data.signals]);
  const acts = data.instruments.length > 1 && html`<${Tabs} label="Instrument" options=${data.instruments.map((each) => [each, each])} value=${symbol} choose=${choose} />`;
  return html`<${Card} wide title="Chart of ${symbol}" acts=${acts}><${Shown} live=${marks}>${() => {
    if (drawn?.at.length > 1) return html`<${FillChart} instrument=${drawn} label="Candles of ${symbol} with the bot's curves and signals" />`;
    const lines = linesOf(marks.data, symbol);
    return lines[0].at.length > 1 ? html`<${EquityChart} curves=${lines} drawdown=${null} label="Closes of ${symbol} that the bot marked" />`
      : html`<p class="muted">There is nothing to draw yet: it shows the candles that the bot has seen.</p>`;
  }}<//><//>`;
}

function instrumentOf({ marks, candles }, symbol, signals) {
  const kept = candles[symbol];
  if (!kept?.at) return null;
  const since = kept.at[0];
  return { ...kept, curves: curvesOf(marks, symbol).map((curve) => after(curve, since)), fills: signals
    .filter((each) => each.symbol === symbol && Date.parse(each.at) >= since)
    .map((each) => ({ at: Date.parse(each.at) - 1, side: each.state === "flat" ? "sell" : "buy" })).reverse() };
}

function curvesOf(marks, symbol) {
  const found = new Map();
  for (const mark of marks.filter((each) => each.symbol === symbol).reverse()) {
    for (const { name, panel, value } of mark.points) {
      if (!found.has(name)) found.set(name, { name, panel, at: [], values: [] });
      found.get(name).at.push(Date.parse(mark.at));
      found.get(name).values.push(value);
    }
  }
  return [...found.values()];
}

function after(curve, since) {
  const first = curve.at.findIndex((at) => at >= since);
  return first < 0 ? { ...curve, at: [], values: [] } : { ...curve, at: curve.at.slice(first), values: curve.values.slice(first) };
}

function linesOf({ marks }, symbol) {
  const own = marks.filter((each) => each.symbol === symbol).reverse();
  return [{ name: "Close", at: own.map((each) => Date.parse(each.at)), values: own.map((each) => Number(each.close)) },
    ...curvesOf(marks, symbol).filter(({ panel }) => panel === "price")];
}

function UpdateDialog({ of: data, path, close }) {
  const bot = useLive(data.version ? `/bots/${encodeURIComponent(data.bot)}` : null, { every: 0 });
  const [version, setVersion] = useState(data.newest_version ?? "");
  const source = useLive(`/bots/${encodeURIComponent(data.bot)}/source`, { every: 0, query: { version } });
  const [given, setGiven] = useState(data.parameters);
  function ask(event) {
    event.preventDefault();
    const parameters = Object.fromEntries((source.data?.outline.parameters ?? [])
      .filter((each) => given[each.name] !== undefined && given[each.name] !== "").map((each) => [each.name, Number(given[each.name])]));
    confirmAct({ title: `Update ${data.name}`, verb: "Update", path: `${path}/update`, body: { version, parameters }, back: ({ digest }) => ({ digest }), danger: data.followers.some((each) => each.mode === "live"), done: close });
  }
  return html`<${Dialog} title="Update ${data.name}" close=${close}><form class="deploying" onSubmit=${ask}>
    <p class="muted">It keeps what it holds, and where it can what it remembers.</p>
    ${data.version && html`<${Shown} live=${bot} lines=${1}>${(found) => html`<${Field} label="Version of ${data.bot}">${(input) => html`<select ...${input} value=${version} onChange=${(event) => setVersion(event.target.value)}>
      ${found.versions.map((each) => html`<option key=${each.version} value=${each.version}>${each.version}${each.version === data.version ? ", as now" : ""}</option>`)}</select>`}<//>`}<//>`}
    <${Shown} live=${source} lines=${2}>${(found) => html`<${Parameters} of=${found.outline.parameters} given=${given} change=${setGiven} />`}<//>
    <footer><button type="button" onClick=${close}>Cancel</button><button class="primary" disabled=${!source.data}>Next</button></footer></form><//>`;
}

export const page = { Page };
