// What came of a backtest: figures, equity, candles with fills and curves, trades, and others beside it.
import { html, useMemo, useState } from "vendor/preact.js";
import { Card, Facts, Figure, Tabs } from "components/parts.js";
import { ErrorNote, Shown } from "components/states.js";
import { Table } from "components/table.js";
import { EquityChart, FillChart } from "bots/charts.js";
import { COMPARED, FIRST, NAMES, change, figure } from "bots/figures.js";
import { shortened } from "bots/drawings.js";
import { download } from "lib/api.js";
import { amount, fullTime, money, percent, signed, tone } from "lib/format.js";
import { useLive } from "lib/live.js";
import { toast } from "components/toast.js";

const FEW_FILLS = 60;

export const pathOf = (name, test) => `/bots/${encodeURIComponent(name)}/backtests/${test.version}/${test.id}`;

export function Result({ name, test, others, close }) {
  const live = useLive(pathOf(name, test), { every: 0 });
  const save = () => download(`${pathOf(name, test)}/report`, `${name}-${test.version}.html`).catch((error) => toast(error.message, "bad"));
  const acts = html`<button class="small" onClick=${save}>Save as a page</button><button class="small quiet" onClick=${close}>Close</button>`;
  return html`<${Card} wide id="result" title="Backtest of ${name} ${test.version}" acts=${acts}>
    <${Shown} live=${live}>${(data) => html`<${Whole} name=${name} data=${data} others=${others} />`}<//><//>`;
}

// data: what GET backtests answers, and the engine in a worker too
export function Whole({ name, data, others }) {
  const symbols = Object.keys(data.instruments);
  const [symbol, choose] = useState(symbols[0]);
  const [part, show] = useState("trades");
  const [whole, setWhole] = useState(data.fills_in_all <= FEW_FILLS);
  const shown = data.instruments[symbol] ?? data.instruments[symbols[0]];
  const range = data.candles[symbols[0]];
  return html`<div class="result">
    <p class="muted">${`${symbols.join(", ")} ${data.interval} of ${data.venue}, ${fullTime(range.first)} to ${fullTime(range.last)}, `}
      ${range.count.toLocaleString("en")} candles${written(data.parameters)}. ${data.missing > 0 && html`<strong class="bad">${data.missing} candles are missing.</strong>`}</p>
    <dl class="figures">${FIRST.map((each) => html`<${Figure} key=${each} name=${NAMES[each]} value=${figure(each, data.summary[each])}
      change=${change(each, data.summary[each])} />`)}</dl>
    <${Curves} name=${name} data=${data} others=${others} />
    <div class="bar"><h3>Candles, fills and curves</h3>
      ${symbols.length > 1 && html`<${Tabs} label="Instrument" options=${symbols.map((each) => [each, each])} value=${symbol} choose=${choose} />`}
      <${Tabs} label="Part of the chart" options=${[[true, "Whole"], [false, "The end"]]} value=${whole} choose=${setWhole} />
      ${shown.candles_each > 1 && html`<small>each drawn candle is ${shown.candles_each} of the test's</small>`}</div>
    <${FillChart} instrument=${shown} whole=${whole} label="Candles of ${symbol} with what the bot bought and sold" />
    <${Legend} curves=${shown.curves} />
    <${Tabs} label="Details" value=${part} choose=${show} options=${[["trades", `Trades (${data.trades_in_all})`], ["months", "Months"],
      ["figures", "All figures"], ["log", `Log (${data.logs.length})`], ["denied", `Not done (${data.denied.length})`], ["terms", "Assumptions"]]} />
    ${PARTS[part](data)}</div>`;
}

const written = (parameters) => {
  const text = Object.entries(parameters).map(([name, value]) => `${name} ${value}`).join(", ");
  return text ? `, ${text}` : "";
};

function Legend({ curves }) {
  const over = curves.filter(({ panel }) => panel === "price").map(({ name }) => shortened(name));
  return over.length ? html`<small class="muted">Over the candles: ${over.join(", ")}.</small>` : null;
}

// Its own equity, and that of the tests it is compared with.
function Curves({ name, data, others }) {
  const own = useMemo(() => [
    { name: "Equity", at: data.equity.at, values: data.equity.equity, area: true },
    { name: "Buy and hold", at: data.equity.at, values: data.equity.benchmark },
  ], [data]);
  const drawdown = useMemo(() => ({ at: data.equity.at, values: data.equity.drawdown }), [data]);
  if (!others.length) return html`<h3>Equity and drawdown</h3><${EquityChart} curves=${own} drawdown=${drawdown} label="Equity over time with its drawdown" />`;
  return html`<${Comparison} key=${others.map((each) => each.id).join()} name=${name} data=${data} own=${own[0]} others=${others} />`;
}

function Comparison({ name, data, own, others }) {
  const found = others.slice(0, 4).map((test) => ({ test, live: useLive(pathOf(name, test), { every: 0 }) }));
  const ready = found.filter(({ live }) => live.data);
  const curves = useMemo(() => [{ ...own, name: "This one" }, ...ready.map(({ test, live }) => ({
    name: `${test.version} of ${test.at.slice(0, 16).replace("T", " ")}`, at: live.data.equity.at, values: live.data.equity.equity,
  }))], [own, ready.length]);
  const rows = COMPARED.map((each) => ({ each, values: [data.summary, ...ready.map(({ live }) => live.data.summary)].map((summary) => summary[each]) }));
  const columns = [{ name: "Figure", cell: (row) => NAMES[row.each] }, ...curves.map((curve, index) => ({
    name: curve.name, end: true, cell: (row) => html`<span class=${tone(change(row.each, row.values[index]) ?? 0)}>${figure(row.each, row.values[index])}</span>` }))];
  return html`<h3>Compared</h3>${found.map(({ live, test }) => live.error && html`<${ErrorNote} key=${test.id} error=${live.error} />`)}
    <${EquityChart} curves=${curves} drawdown=${null} label="Equity of the compared backtests" />
    <${Table} short label="Figures compared" columns=${columns} rows=${rows} rowKey=${(row) => row.each} />`;
}

const TRADES = [
  { name: "Instrument", cell: (row) => row.symbol },
  { name: "Entered", cell: (row) => fullTime(row.entered_at) },
  { name: "Price", end: true, cell: (row) => amount(row.entry_price) },
  { name: "Left", wide: true, cell: (row) => fullTime(row.left_at) },
  { name: "Price ", end: true, wide: true, cell: (row) => amount(row.exit_price) },
  { name: "Quantity", end: true, wide: true, cell: (row) => amount(row.quantity) },
  { name: "Profit", end: true, cell: (row) => html`<span class=${tone(row.profit)}>${signed(row.profit)}</span>` },
];

const PARTS = {
  trades: (data) => (data.trades.length
    ? html`${data.trades.length < data.trades_in_all && html`<small class="muted">The last ${data.trades.length} of ${data.trades_in_all}.</small>`}
      <${Table} short label="Trades" columns=${TRADES} rows=${data.trades.slice().reverse()} rowKey=${(row) => `${row.symbol} ${row.entered_at} ${row.left_at}`} />`
    : html`<p class="muted">No position was closed.</p>`),
  months: (data) => html`<div class="months">${data.months.map(({ month, gain }) => html`<div key=${month} class=${tone(gain ?? 0)}>
    <small>${month}</small><span class="number">${gain === null ? "–" : percent(gain.toFixed(8))}</span></div>`)}</div>`,
  figures: (data) => html`<${Facts} of=${COMPARED.map((each) => [NAMES[each], figure(each, data.summary[each])])} />`,
  log: (data) => (data.logs.length
    ? html`<div class="code"><pre tabindex="0" aria-label="Log">${data.logs.map(({ at, text }) => `${at.slice(0, 16).replace("T", " ")}  ${text}`).join("\n")}</pre></div>`
    : html`<p class="muted">The bot said nothing: <code>ctx.log("…")</code> leaves a line.</p>`),
  denied: (data) => (data.denied.length
    ? html`<${Facts} of=${data.denied.map(({ symbol, code, orders }) => [`${symbol}: ${code.replaceAll("_", " ").toLowerCase()}`, `${orders} orders`])} />`
    : html`<p class="muted">Every order that the bot asked for was one that the venue would take.</p>`),
  terms: (data) => html`<${Facts} of=${[["Cash", money(data.terms.cash)], ["Fee", percent(data.terms.taker_fee)], ["Slippage", `${data.terms.slippage_bps} bps`],
    ...Object.entries(data.assumptions)]} />`,
};
