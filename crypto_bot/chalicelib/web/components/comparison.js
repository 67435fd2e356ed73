// One strategy on paper beside the same one at an exchange, account by account: never added up.
import { html } from "vendor/preact.js";
import { Dialog } from "components/dialog.js";
import { Change, Code, Facts, Mode, Money } from "components/parts.js";
import { Empty, Shown } from "components/states.js";
import { Table } from "components/table.js";
import { NOTHING, fullTime, money, percent, time, words } from "lib/format.js";
import { useLive } from "lib/live.js";
import { href } from "lib/route.js";

export function Comparison({ strategy, close }) {
  // All alerts and books are read for it: asked once.
  const live = useLive(`/strategies/${encodeURIComponent(strategy)}/comparison`, { every: 0 });
  return html`<${Dialog} side title=${`${strategy}: paper beside live`} close=${close} foot=${html`<button onClick=${close}>Close</button>`}>
    <${Shown} live=${live}>${(data) => html`${data.step && html`<${NextStep} of=${data} />`}
      ${data.accounts.map((one) => html`<${Record} key=${one.account} of=${one} />`)}
      ${data.alerts.length > 0 && html`<h3>Newest alerts</h3><${Table} short label="Newest alerts, side by side" columns=${columns(data.accounts)} rows=${data.alerts} rowKey=${(row) => row.signal_id} />`}`}<//><//>`;
}

function NextStep({ of: { accounts, step } }) {
  const onPaper = accounts.some((one) => one.badge === "PAPER");
  const title = !accounts.length ? "No account follows it" : onPaper ? "It is on paper only" : "It is not on paper";
  return html`<${Empty} title=${title} icon="strategies">${onPaper
    ? "Let an account at an exchange follow it, too: this shows its record first, and does it with --yes."
    : "Let a paper account follow it: name the strategy under a virtual account in the file, then apply it."}<//>
    <${Code} text=${step} label="Command" />`;
}

const bps = (text) => (text === null ? NOTHING : `${text} bps`);
const late = (seconds) => (seconds === null ? NOTHING : `${seconds} s`);

function Record({ of }) {
  return html`<section class="link" aria-label=${of.account}><h3>${of.account} <${Mode} of=${of.badge} /></h3>
    <${Facts} of=${[["Since", of.since ? html`<span title=${fullTime(of.since)}>${time(of.since)}</span>` : "nothing traded yet"],
      ["Profit", html`<${Change} of=${of.profit} unit=${of.quote} />`], ["Exits", `${of.trades}${of.win_rate === null ? "" : `, ${percent(of.win_rate, 1)} with profit`}`],
      ["Deepest fall", html`<${Money} of=${of.drawdown} unit=${of.quote} />`], ["Fees", html`<${Money} of=${of.fees} unit=${of.quote} />`],
      ["Alerts", `${of.alerts}, of which ${of.executed} executed and ${of.missed} missed`], ["Late by", late(of.late)], ["Against the alert's price", bps(of.slippage_bps)],
      ["Now", of.holding ? "in" : "out"]]} /></section>`;
}

const columns = (accounts) => [
  { name: "Alert", cell: (row) => html`<a href=${href("/signals", [row.signal_id])}>${row.state} ${row.symbol}, ${time(row.fired_at)}</a>` },
  ...accounts.map(({ account }) => ({ name: account, end: true, cell: ({ on: { [account]: made } }) => (made
    ? html`<span title=${made.reason}>${words(made.status)}${made.price === null ? "" : html` <span class="number">${money(made.price)}</span>`}</span>` : NOTHING) })),
  ...(accounts.length > 1 ? [{ name: "Apart", end: true, cell: (row) => bps(row.apart_bps) }] : []),
];
