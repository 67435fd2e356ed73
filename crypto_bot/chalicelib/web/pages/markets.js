// Markets: candles with indicators and our own trades, minutes of everybody's trades, the largest coins.
import { html, useCallback, useEffect, useMemo, useState } from "vendor/preact.js";
import { Card, Code, Facts, Mode, Money, PageHead, Tabs } from "components/parts.js";
import { Ago, AsOf, Empty, ErrorNote, Shown } from "components/states.js";
import { Table } from "components/table.js";
import { MarketChart } from "charts/market_chart.js";
import { Flow } from "charts/market_flow.js";
import { NOTHING, amount, money, time, words } from "lib/format.js";
import { useLive } from "lib/live.js";
import { href, setQuery } from "lib/route.js";

const MADE_UP = "synthetic";
const USUAL_INTERVALS = ["1h", "15m", "1m"];
const USUAL_OF_MADE_UP = ["1m"];  // they began a moment ago

function Page({ query }) {
  const live = useLive("/markets", { every: 30000 });
  return html`<${PageHead} title="Markets" at=${html`<${AsOf} at=${live.at} />`} />
    <${Shown} live=${live}>${(data) => html`<${Known} data=${data} query=${query} />`}<//>`;
}

function Known({ data, query }) {
  const chosen = chosenOf(data.markets, query);
  const nothing = !data.markets.length && !data.flow.length;
  return html`${nothing ? html`<${NothingYet} steps=${data.steps} />` : chosen ? html`<${Market} markets=${data.markets} market=${chosen} query=${query} />` : html`<${NoCandlesYet} />`}
    <div class="cards">
      ${data.flow.length > 0 && html`<${Flow} symbols=${data.flow} chosen=${query.flow ?? flowOf(data.flow, chosen)} minutes=${query.minutes} />`}
      <${Ranking} markets=${data.markets} />
      ${chosen && chosen.venue !== MADE_UP && html`<${Analysis} market=${chosen} />`}
    </div>`;
}

const chosenOf = (markets, { venue, symbol, account = "" }) => markets.find((one) => one.venue === venue && one.symbol === symbol && one.account === account) ?? markets[0];

// Flow is told by the venue's own name, which has no slash.
const flowOf = (symbols, market) => symbols.find((name) => name.replace(/^.*\./, "") === market?.symbol.replace("/", "")) ?? symbols[0];

function NothingYet({ steps }) {
  return html`<${Card}><${Empty} title="No market data yet" icon="markets">
    <p>Trading works without. To see candles and the flow of trades here, type into a terminal:</p>
    ${steps.map((step) => html`<${Code} key=${step} text=${step} label="Command" />`)}<//><//>`;
}

function NoCandlesYet() {
  return html`<${Card}><${Empty} title="No candles yet" icon="markets">
    Minutes of trades are there. Candles come by <code>crypto-bot candles download binance BTC/USDT</code>.<//><//>`;
}

const nameOf = (market) => (market.venue === MADE_UP ? `${market.symbol} · made up, account ${market.account}` : `${market.symbol} · ${market.venue}`);
const keyOf = (market) => [market.venue, market.symbol, market.account].join("|");

function Market({ markets, market, query }) {
  const intervals = useMemo(() => ordered([...market.intervals, ...market.made]), [market]);
  const interval = intervals.includes(query.interval) ? query.interval : (market.venue === MADE_UP ? USUAL_OF_MADE_UP : USUAL_INTERVALS).find((one) => intervals.includes(one)) ?? intervals[0];
  const show = useMemo(() => (query.show ?? "").split(",").filter(Boolean), [query.show]);
  const [indicators, setIndicators] = useState([]);
  const series = useMemo(() => ({ venue: market.venue, symbol: market.symbol, interval, account: market.account }), [keyOf(market), interval]);
  const fills = useLive("/markets/fills", { query: { symbol: market.symbol } });
  // What was traded by other prices has no place among these candles.
  const here = useMemo(() => (fills.data?.fills ?? []).filter((fill) => fill.venue === market.venue && (!market.account || fill.account === market.account)), [fills.data, keyOf(market)]);
  const accounts = useMemo(() => accountsOf(here), [here]);
  const account = accounts.some(([name]) => name === query.of) ? query.of : accounts[0]?.[0];
  const own = useMemo(() => here.filter((fill) => fill.account === account), [here, account]);
  const told = useCallback((found) => setIndicators(found), []);
  useEffect(() => setIndicators([]), [keyOf(market), interval]);
  const choose = (key) => {
    const next = markets.find((one) => keyOf(one) === key);
    setQuery({ venue: next.venue, symbol: next.symbol, account: next.account || undefined, interval: undefined, show: undefined, of: undefined });
  };
  return html`<${Card} wide>
    <div class="bar markets-bar">
      <label class="unseen" for="market">Market</label>
      <select id="market" value=${keyOf(market)} onChange=${(event) => choose(event.target.value)}>
        ${markets.map((one) => html`<option key=${keyOf(one)} value=${keyOf(one)}>${nameOf(one)}</option>`)}</select>
      <${Tabs} label="Interval" options=${intervals.map((one) => [one, one])} value=${interval} choose=${(one) => setQuery({ interval: one })} />
      ${accounts.length > 0 && html`<label class="markets-own">Own trades of
        <select value=${account} onChange=${(event) => setQuery({ of: event.target.value })}>${accounts.map(([name, mode]) => html`<option key=${name} value=${name}>${name} (${mode === "virtual" ? "paper" : mode})</option>`)}</select></label>`}
    </div>
    ${market.venue === MADE_UP && html`<p class="muted">These prices are made up: they are those by which the virtual account ${market.account} trades.</p>`}
    ${indicators.length > 0 && html`<${Indicators} indicators=${indicators} show=${show} />`}
    <${MarketChart} series=${series} show=${show} fills=${own} told=${told} />
    <${ErrorNote} error=${fills.data === undefined ? fills.error : null} />
    <details class="markets-own-list"><summary>Own trades (${own.length}) and the newest candles as tables</summary>
      <div class="cards"><${OwnTrades} fills=${own} /><${Newest} series=${series} /></div></details><//>`;
}

const LENGTHS = { m: 1, h: 60, d: 1440, w: 10080 };
const minutesOf = (interval) => Number(interval.slice(0, -1)) * LENGTHS[interval.at(-1)];
const ordered = (intervals) => [...new Set(intervals)].sort((one, other) => minutesOf(one) - minutesOf(other));

const accountsOf = (fills) => [...new Map(fills.map((fill) => [fill.account, fill.mode]))].sort();

function Indicators({ indicators, show }) {
  const turn = (key) => {
    const next = show.includes(key) ? show.filter((one) => one !== key) : [...show, key];
    setQuery({ show: next.join(",") || undefined });
  };
  return html`<div class="markets-indicators" role="group" aria-label="Indicators">${indicators.map((one) => html`
    <button key=${one.key} class="small" aria-pressed=${show.includes(one.key) ? "true" : "false"} onClick=${() => turn(one.key)}>${one.title}</button>`)}</div>`;
}

const TRADES = [
  { name: "Time", cell: (fill) => time(fill.at) },
  { name: "Side", cell: (fill) => html`<span class=${fill.side === "buy" ? "up" : "down"}>${fill.side}</span>` },
  { name: "Quantity", end: true, cell: (fill) => amount(fill.quantity) },
  { name: "Price", end: true, cell: (fill) => html`<${Money} of=${fill.price} />` },
  { name: "Account", wide: true, cell: (fill) => html`${fill.account} <${Mode} of=${fill.mode} />` },
];

function OwnTrades({ fills }) {
  const newest = useMemo(() => [...fills].reverse().slice(0, 12), [fills]);
  return html`<${Card} title="Own trades">${newest.length
    ? html`<${Table} short label="Own trades" columns=${TRADES} rows=${newest} rowKey=${(fill) => `${fill.order_id} ${fill.at} ${fill.quantity}`} />
      <p class="table-foot"><a href=${href("/orders")}>All orders</a></p>`
    : html`<p class="muted">Nothing was traded here lately.</p>`}<//>`;
}

const CANDLES = [
  { name: "Start (UTC)", cell: (row) => time(row.start) },
  ...["open", "high", "low", "close"].map((name) => ({ name: words(name), end: true, wide: name === "open", cell: (row) => amount(row[name]) })),
];

function Newest({ series }) {
  const live = useLive("/markets/candles", { query: { ...series, limit: 12 } });
  return html`<${Card} title="Newest candles"><${Shown} live=${live}>${(data) => html`
    <${Table} short label="Newest candles" columns=${CANDLES} rows=${rowsOf(data)} rowKey=${(row) => row.start} />`}<//><//>`;
}

const rowsOf = (data) => data.start.map((start, at) => ({ start, open: data.open[at], high: data.high[at], low: data.low[at], close: data.close[at] })).reverse();

function Ranking({ markets }) {
  const live = useLive("/rankings/latest", { every: 60000 });
  const there = useMemo(() => new Map(markets.map((one) => [one.symbol, one])), [markets]);
  const columns = useMemo(() => [
    { name: "Rank", cell: (row) => row.rank },
    { name: "Coin", cell: (row) => html`<strong>${row.symbol}</strong>` },
    { name: "Market", wide: true, cell: (row) => (there.has(row.market) ? html`<a href=${href("/markets", [], { venue: there.get(row.market).venue, symbol: row.market })}>${row.market}</a>` : row.market) },
    { name: "Price", end: true, cell: (row) => html`<${Money} of=${row.price} />` },
    { name: "Capitalisation", end: true, wide: true, cell: (row) => (row.market_cap === null ? NOTHING : money(row.market_cap, 0)) },
    { name: "Volume 24 h", end: true, cell: (row) => money(row.volume_24h, 0) },
  ], [there]);
  return html`<${Card} title="Largest coins" acts=${live.data?.as_of && html`<small class="muted"><${Ago} at=${live.data.as_of} />, by ${live.data.source === "volume" ? "volume" : live.data.source}, in ${live.data.quote}</small>`}>
    <${Shown} live=${live}>${(data) => (data.items.length
      ? html`<${Table} short label="Largest coins" columns=${columns} rows=${data.items} rowKey=${(row) => row.symbol} />`
      : html`<${Empty} title="Nothing is ranked yet" icon="markets"><code>crypto-bot rank-markets</code> lists the largest coins that can be traded.<//>`)}<//><//>`;
}

function Analysis({ market }) {
  const live = useLive("/markets/analyses", { query: { venue: market.venue, symbol: market.symbol }, every: 60000 });
  return html`<${Card} title="What ${market.symbol} did" acts=${live.data?.at && html`<small class="muted">as of <${Ago} at=${live.data.at} /></small>`}>
    <${Shown} live=${live}>${(data) => (data.at
      ? html`<${Facts} of=${figuresOf(data.figures)} />`
      : html`<${Empty} title="Not analysed yet" icon="markets"><code>crypto-bot analyse-instruments</code> works out how much it moves, which way, and who pushes it.<//>`)}<//><//>`;
}

function figuresOf(figures, before = "") {
  return Object.entries(figures).flatMap(([name, value]) => {
    const title = [before, words(name)].filter(Boolean).join(" · ");
    if (value !== null && typeof value === "object" && !Array.isArray(value)) return figuresOf(value, title);
    return [[title, typeof value === "number" ? amount(value.toPrecision(5)) : value === null ? NOTHING : String(value)]];
  });
}

export const page = { Page };
