// What each strategy holds beside what it is meant to, and what the next tick would do about it.
import { html, useState } from "vendor/preact.js";
import { Icon } from "components/icons.js";
import { Ledger } from "components/ledger.js";
import { Badge, Card, Change, Mode, Money, PageHead, Tabs } from "components/parts.js";
import { AsOf, Empty, ErrorNote, Shown, Skeleton } from "components/states.js";
import { Table } from "components/table.js";
import { NOTHING, amount, drawn, money, percent } from "lib/format.js";
import { useLive } from "lib/live.js";
import { href, setQuery } from "lib/route.js";

function Page({ query }) {
  const overview = useLive("/overview");
  const strategies = useLive("/strategies");
  return html`<${PageHead} title="Positions" at=${html`<${AsOf} at=${overview.at} />`} />
    <${Shown} live=${overview} lines=${10}>${(data) => (data.accounts.length
      ? html`<${Accounts} data=${data} strategies=${strategies} query=${query} />`
      : html`<${Empty} title="No account yet" icon="positions">Positions belong to accounts: <code>crypto-bot accounts apply accounts.toml</code>, or <a href="#/accounts">add one</a>.<//>`)}<//>`;
}

function Accounts({ data, strategies, query }) {
  const names = data.accounts.map((account) => account.account);
  const chosen = names.includes(query.account) ? query.account : names[0];
  const account = data.accounts.find((one) => one.account === chosen);
  return html`${names.length > 1 && html`<${Tabs} label="Account" options=${names.map((name) => [name, name])} value=${chosen} choose=${(name) => setQuery({ account: name })} />`}
    <${Targets} account=${account} positions=${data.positions.filter((one) => one.account === chosen)} strategies=${strategies} />
    <${NextTick} key=${chosen} account=${chosen} />
    <${Ledger} key=${chosen} account=${chosen} />`;
}

const COLUMNS = (account) => [
  { name: "Strategy", cell: (row) => html`<a href=${href("/strategies", [], { open: row.strategy })}>${row.strategy}</a> ${row.paused && html`<${Badge} of="paused" />`}` },
  { name: "Holds", cell: (row) => (row.position ? html`<${Badge} of=${row.position.state} /> <span class="wide-only">${amount(row.position.quantity)} </span><small>${row.position.symbol}</small>` : html`<span class="muted">nothing</span>`) },
  { name: "Share", cell: (row) => html`<${Share} row=${row} />` },
  { name: "Cost", end: true, wide: true, cell: (row) => row.position && html`<${Money} of=${row.position.cost} unit=${account.quote} />` },
  { name: "Average price", end: true, wide: true, cell: (row) => row.position && amount(row.position.price, 4) },
  { name: "Leaves at", wide: true, cell: (row) => row.position && html`<${Exits} of=${row.position} />` },
  { name: "Realised", end: true, wide: true, cell: (row) => row.position && html`<${Change} of=${row.position.realized} unit=${account.quote} />` },
];

function Targets({ account, positions, strategies }) {
  const followed = strategies.data?.accounts.find((one) => one.name === account.account)?.strategies ?? [];
  const rows = [
    ...followed.flatMap((one) => {
      const held = positions.filter((position) => position.strategy === one.strategy);
      return (held.length ? held : [null]).map((position) => row(one.strategy, one, position, account));
    }),
    ...positions.filter((position) => !followed.some((one) => one.strategy === position.strategy))
      .map((position) => row(position.strategy, null, position, account)),
  ];
  const title = html`${account.exchange}, policy ${strategies.data?.accounts.find((one) => one.name === account.account)?.policy ?? ""}`;
  return html`<${Card} title="Target and actual" acts=${html`<small>${title}</small><${Mode} of=${account.badge} />`}>
    ${rows.length ? html`<${Table} short label="Target and actual" columns=${COLUMNS(account)} rows=${rows} rowKey=${(one) => `${one.strategy} ${one.position?.symbol}`} />`
      : html`<${Empty} title="This account follows no strategy" icon="strategies">Give it one in accounts.toml.<//>`}
    <p class="under muted">Cash ${money(account.cash)} ${account.quote}. The target is the strategy's weight of equity while it is in; a policy may give it more. The actual share is what it paid.</p><//>`;
}

function row(strategy, terms, position, account) {
  const held = Boolean(position && position.quantity !== "0");
  return { strategy, position, paused: terms?.paused, target: terms ? drawn(terms.weight) : 0, isIn: held, actual: held ? shareOf(position, account) : 0 };
}

// null while nobody knows the equity: before the first figures are taken.
function shareOf(position, account) {
  const equity = account.equity === null ? 0 : drawn(account.equity);
  return equity > 0 ? drawn(position.cost) / equity : null;
}

function Share({ row: { target, actual, isIn } }) {
  const wide = (share) => ({ width: `${Math.min(100, share * 100).toFixed(1)}%` });
  return html`<div class="share">${actual !== null && html`<div class="share-bar" aria-hidden="true"><span class="actual" style=${wide(actual)}></span><span class="target" style=${{ left: wide(target).width }}></span></div>`}
    <small>${!isIn ? "out" : actual === null ? NOTHING : percent(actual.toFixed(6), 1)} of ${percent(target.toFixed(6), 1)}</small></div>`;
}

function Exits({ of }) {
  if (of.stop_refused) return html`<span class="bad" title=${of.stop_refused}>stop refused by the venue</span>`;
  return [of.stop_loss && `stop ${amount(of.stop_loss)}`, of.take_profit && `profit ${amount(of.take_profit)}`].filter(Boolean).join(", ") || html`<span class="muted">its alerts</span>`;
}

const STEPS = [
  { name: "What", cell: (step) => html`<${Badge} of=${step.side ?? step.what} tone=${step.what === "order" ? undefined : "plain"} />` },
  { name: "Instrument", cell: (step) => step.symbol },
  { name: "Quantity", end: true, cell: (step) => step.quantity && amount(step.quantity) },
  { name: "Price", end: true, wide: true, cell: (step) => step.price && amount(step.price) },
  { name: "For", cell: (step) => step.strategies.join(", ") },
  { name: "Why", wide: true, cell: (step) => step.reason },
];

// Asks the exchange, so only when somebody wants to know.
function NextTick({ account }) {
  const [asked, setAsked] = useState(false);
  const live = useLive(asked ? `/plan/${encodeURIComponent(account)}` : null, { every: 0 });
  const look = () => (asked ? live.refresh() : setAsked(true));
  return html`<${Card} title="The next tick" acts=${html`${asked && html`<${AsOf} at=${live.at} />`}<button class="small" onClick=${look}><${Icon} name="refresh" size="14" /> ${asked ? "Look again" : "What would it do?"}</button>`}>
    ${!asked ? html`<p class="muted">Plans with the prices of now what a tick would decide; nothing is stored or sent.</p>`
      : live.error ? html`<${ErrorNote} error=${live.error} retry=${live.refresh} />`
      : live.data === undefined ? html`<${Skeleton} lines=${3} />`
      : live.data.steps.length ? html`<${Table} short label="The next tick" columns=${STEPS} rows=${live.data.steps} rowKey=${(step) => JSON.stringify(step)} />`
      : html`<p>Nothing is due: a tick now would send nothing.</p>`}<//>`;
}

export const page = { Page };
