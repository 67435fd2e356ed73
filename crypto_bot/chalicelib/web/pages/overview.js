// How everything stands: money by kind, what is held, what came in last, and whether all is well.
import { html, useState } from "vendor/preact.js";
import { Area } from "components/area.js";
import { Icon } from "components/icons.js";
import { Badge, Card, Change, Figure, Mode, Money, PageHead, Tabs } from "components/parts.js";
import { Ago, AsOf, Empty, Shown } from "components/states.js";
import { Table } from "components/table.js";
import { amount, money, signed, span, time } from "lib/format.js";
import { useLive } from "lib/live.js";
import { go, href } from "lib/route.js";

function Page() {
  const live = useLive("/overview");
  return html`<${PageHead} title="Overview" at=${html`<${AsOf} at=${live.at} />`} />
    <${Shown} live=${live} lines=${12}>${(data) => (data.accounts.length
      ? html`<${Standing} data=${data} />` : html`<${FirstSteps} />`)}<//>`;
}

function Standing({ data }) {
  return html`<div class="cards">
    ${data.totals.map((total) => html`<${Total} key=${total.badge + total.quote} total=${total} />`)}
    ${!data.totals.length && html`<${Card} title="Equity" wide><${Empty} title="No figures yet">They are taken once something has been traded, and then every hour.<//><//>`}
    <${Positions} rows=${data.positions} />
    <${Signals} rows=${data.signals} />
    <${Accounts} rows=${data.accounts} />
    <${Health} data=${data} /></div>`;
}

// Money of one kind and one currency; other kinds stand in cards of their own.
function Total({ total }) {
  const { quote } = total;
  return html`<${Card} title="Equity" wide acts=${html`<small>${total.accounts.join(", ")}</small><${Mode} of=${total.badge} />`}>
    <dl class="figures">
      <${Figure} name="Equity" value=${money(total.equity)} unit=${quote} note=${html`figures of ${time(total.at)}`} />
      ${[["Today", total.today], ["7 days", total.week], ["30 days", total.month]].map(([name, profit]) => html`
        <${Figure} key=${name} name=${name} value=${signed(profit.total)} change=${profit.total} unit=${quote}
          note=${html`<span title="after fees">realised ${signed(profit.realized)}</span>, unrealised ${signed(profit.unrealized)}`} />`)}
    </dl><${Equity} accounts=${total.accounts} quote=${quote} /><//>`;
}

function Equity({ accounts, quote }) {
  const [chosen, choose] = useState(accounts[0]);
  const live = useLive(`/performance/${encodeURIComponent(chosen)}`, { query: { limit: 500 }, every: 15000 });
  const points = (live.data?.points ?? []).map((point) => ({ at: point.at, value: point.equity }));
  return html`<div class="equity">
    ${accounts.length > 1 && html`<${Tabs} label="Account" options=${accounts.map((name) => [name, name])} value=${chosen} choose=${choose} />`}
    <${Area} label="Equity of ${chosen}" points=${points} unit=${quote} /></div>`;
}

const POSITIONS = [
  { name: "Instrument", cell: (row) => html`<strong>${row.symbol}</strong>` },
  { name: "Strategy", cell: (row) => html`<a href=${href("/strategies", [], { open: row.strategy })}>${row.strategy}</a>` },
  { name: "Account", wide: true, cell: (row) => html`${row.account} <${Mode} of=${row.badge} />` },
  { name: "Quantity", end: true, cell: (row) => amount(row.quantity) },
  { name: "Cost", end: true, wide: true, cell: (row) => html`<${Money} of=${row.cost} unit=${row.quote} />` },
  { name: "Realised", end: true, cell: (row) => html`<${Change} of=${row.realized} unit=${row.quote} />` },
];

function Positions({ rows }) {
  return html`<${Card} title="Open positions" wide acts=${html`<a href="#/positions">Targets and next tick</a>`}>${rows.length
    ? html`<${Table} short label="Open positions" columns=${POSITIONS} rows=${rows} rowKey=${(row) => `${row.account} ${row.strategy} ${row.symbol}`} />`
    : html`<${Empty} title="Nothing is held" icon="positions">A strategy's next entry shows up here.<//>`}<//>`;
}

const SIGNALS = [
  { name: "Received", cell: (row) => html`<${Ago} at=${row.received_at} />` },
  { name: "Strategy", wide: true, cell: (row) => row.strategy },
  { name: "Wish", cell: (row) => html`<${Badge} of=${row.state} /> ${row.symbol}<small class="narrow-only">${row.strategy}</small>` },
  { name: "Outcome", cell: (row) => html`<${Badge} of=${row.status} />` },
  { name: "Why", wide: true, cell: (row) => row.reason },
];

function Signals({ rows }) {
  return html`<${Card} title="Last signals" wide acts=${html`<a href="#/signals">All signals</a>`}>${rows.length
    ? html`<${Table} short label="Last signals" columns=${SIGNALS} rows=${rows} rowKey=${(row) => row.id} open=${(row) => go("/signals", [row.id])} />`
    : html`<${Empty} title="No alert has arrived yet" icon="signal">Take a strategy's <a href="#/strategies">alert message and webhook URL</a> to TradingView, or send a test signal.<//>`}<//>`;
}

function Accounts({ rows }) {
  return html`<${Card} title="Accounts"><ul class="plain">${rows.map((row) => html`<li key=${row.account}>
    <div><strong>${row.account}</strong> <${Mode} of=${row.badge} /> <small>${row.exchange}</small></div>
    <div>${row.equity ? html`<${Money} of=${row.equity} unit=${row.quote} />` : html`<small>no figures yet</small>`}
      <small>cash ${money(row.cash)}</small></div>
    ${[...row.stopped_by, row.blocked, ...row.frozen.map(([symbol, why]) => `${symbol}: ${why}`)].filter(Boolean)
      .map((why) => html`<div key=${why} class="bad">${why}</div>`)}</li>`)}</ul><//>`;
}

function Health({ data }) {
  const { last, outcome, every } = data.tick;
  return html`<${Card} title="Health"><ul class="plain">
    <li><div><strong>Last tick</strong></div><div>${last ? html`${outcome} <${Ago} at=${last} />` : "none yet"}${every && `, every ${span(every)}`}</div></li>
    ${data.health.map((check) => html`<li key=${check.name}><div class="check ${check.ok === null ? "open" : check.ok ? "up" : "bad"}">
      <${Icon} name=${check.ok === null ? "about" : check.ok ? "check" : "warning"} size="16" /> <strong>${check.name}</strong></div><div>${check.detail}</div></li>`)}</ul><//>`;
}

function FirstSteps() {
  return html`<${Card} title="Nothing is configured yet"><${Empty} title="Two files say what the bot does" icon="strategies">
    <p>Write strategies.toml and accounts.toml, then <code>crypto-bot strategies apply strategies.toml</code> and
    <code>crypto-bot accounts apply accounts.toml</code>. Or keep an account in <a href="#/accounts">Accounts</a>.</p><//><//>`;
}

export const page = { Page };
