// Who sends signals, which accounts follow them by what weight and limits, and what the owner can do about it.
import { html, useEffect, useRef, useState } from "vendor/preact.js";
import { AlertMessage } from "components/alert-message.js";
import { Comparison } from "components/comparison.js";
import { confirmAct } from "components/confirm.js";
import { Icon } from "components/icons.js";
import { LimitsForm } from "components/limits-form.js";
import { Badge, Card, Facts, Mode, PageHead } from "components/parts.js";
import { AsOf, Empty, Shown } from "components/states.js";
import { Table } from "components/table.js";
import { Versions } from "components/versions.js";
import { percent, span } from "lib/format.js";
import { useLive } from "lib/live.js";
import { go, href } from "lib/route.js";
import { mayAct } from "lib/session.js";

function Page({ query }) {
  const live = useLive("/strategies");
  const [editing, setEditing] = useState(null);
  const [message, setMessage] = useState("");
  const [compared, setCompared] = useState("");
  return html`<${PageHead} title="Strategies" at=${html`<${AsOf} at=${live.at} />`} />
    <${Waiting} />
    <${Shown} live=${live} lines=${10}>${(data) => html`
      <${Accounts} accounts=${data.accounts} edit=${(account) => setEditing({ account, tag: live.tag })} />
      ${data.strategies.length ? data.strategies.map((strategy) => html`<${Strategy} key=${strategy.name} strategy=${strategy} accounts=${data.accounts}
          isOpen=${query.open === strategy.name} showMessage=${() => setMessage(strategy.name)} compare=${() => setCompared(strategy.name)} />`)
        : html`<${Card} title="No strategy yet"><${Empty} title="A strategy is a named source of alerts" icon="strategies">
            Describe it in strategies.toml, then <code>crypto-bot strategies apply strategies.toml</code>: it prints the webhook URL once.<//><//>`}
      <${Versions} tag=${live.tag} />`}<//>
    ${editing && html`<${LimitsForm} ...${editing} close=${() => setEditing(null)} />`}
    ${message && html`<${AlertMessage} strategy=${message} close=${() => setMessage("")} />`}
    ${compared && html`<${Comparison} strategy=${compared} close=${() => setCompared("")} />`}`;
}

// Entries that an account lets in only with the owner's word.
function Waiting() {
  const live = useLive("/signals", { query: { status: "RECEIVED", limit: 100 } });
  const rows = (live.data?.signals ?? []).filter((signal) => signal.waits_for.length);
  if (!rows.length) return null;
  return html`<${Card} title="Waiting for your word"><ul class="plain">${rows.map((signal) => html`<li key=${signal.id}>
    <div><a href=${href("/signals", [signal.id])}>${signal.strategy}</a> <${Badge} of=${signal.state} /> ${signal.symbol} <small>on ${signal.waits_for.join(", ")}</small></div>
    <div class="acts">${mayAct.value && html`<button class="small" onClick=${() => decide(signal, "decline", "Decline")}>Decline</button>
      <button class="small primary" onClick=${() => decide(signal, "approve", "Approve")}>Approve</button>`}</div></li>`)}</ul><//>`;
}

function decide(signal, act, verb) {
  confirmAct({ title: `${verb} ${signal.strategy} ${signal.state} ${signal.symbol}`, verb, path: `/signals/${encodeURIComponent(signal.id)}/${act}` });
}

function Accounts({ accounts, edit }) {
  return html`<div class="cards">${accounts.map((account) => html`<${Card} key=${account.name} title=${account.name}
      acts=${html`<${Mode} of=${account.badge} />${mayAct.value && html`<button class="small" onClick=${() => edit(account)}><${Icon} name="edit" size="14" /> Weights and limits</button>`}`}>
    <${Facts} of=${[["Policy", account.policy], ["Exchange", account.exchange], ["Reserve", percent(account.reserve, 1)],
      ["Weights", percent(sum(account.strategies), 0)],
      ["Stops buying at", limits(account)]]} /><//>`)}</div>`;
}

// For reading only: exact to a millionth.
const sum = (strategies) => String(strategies.reduce((all, one) => all + Math.round(Number(one.weight) * 1e6), 0) / 1e6);

function limits(account) {
  return [
    account.max_drawdown && `${percent(account.max_drawdown, 1)} below the best`,
    account.daily_loss_stop && `${percent(account.daily_loss_stop, 1)} lost in a day`,
    account.max_exposure_per_coin && `${percent(account.max_exposure_per_coin, 1)} in one coin`,
    account.max_open_positions && `${account.max_open_positions} open positions`,
    account.max_orders_per_minute && `${account.max_orders_per_minute} orders a minute`,
  ].filter(Boolean).join(", ") || "no limit set";
}

const FOLLOWERS = (accounts, strategy) => [
  { name: "Account", cell: (row) => {
    const badge = accounts.find((one) => one.name === row.account)?.badge;
    return html`${row.account} ${badge && html`<${Mode} of=${badge} />`}`;
  } },
  { name: "Weight", end: true, cell: (row) => percent(row.weight, 1) },
  { name: "Entries", cell: (row) => html`<${Badge} of=${row.paused ? "paused" : row.approval ? "with your word" : "active"} />` },
  { name: "Limits", wide: true, cell: (row) => terms(row) },
  { name: "Act", end: true, cell: (row) => mayAct.value && html`<button class="small" onClick=${() => pause(strategy, row)}>
    <${Icon} name=${row.paused ? "play" : "pause"} size="14" /> ${row.paused ? "Resume" : "Pause"}</button>` },
];

function terms(row) {
  return [
    row.max_order_notional && `orders up to ${row.max_order_notional}`,
    row.max_orders_per_day && `${row.max_orders_per_day} orders a day`,
    row.daily_loss_stop && `stops at ${percent(row.daily_loss_stop, 1)} lost in a day`,
    row.max_slippage && `${percent(row.max_slippage, 2)} slippage`,
    row.cooldown && `rests ${span(row.cooldown)} after ${row.cooldown_after} losses`,
    row.trading_hours.join(", "),
  ].filter(Boolean).join(", ");
}

function pause(strategy, { account, paused }) {
  const act = paused ? "resume" : "pause";
  confirmAct({ title: `${paused ? "Resume" : "Pause"} ${strategy.name} on ${account}`, verb: paused ? "Resume" : "Pause",
    path: `/strategies/${encodeURIComponent(strategy.name)}/${act}`, body: { account } });
}

function close(strategy) {
  confirmAct({ title: `Close ${strategy.name}`, verb: "Close it", danger: true, path: `/strategies/${encodeURIComponent(strategy.name)}/close` });
}

function Strategy({ strategy, accounts, isOpen, showMessage, compare }) {
  const box = useRef(null);
  useEffect(() => { if (isOpen) box.current.scrollIntoView({ block: "start" }); }, [isOpen]);
  const acts = html`<button class="small" onClick=${() => go("/signals", [], { strategy: strategy.name })}>Signals</button>
    <button class="small" onClick=${compare}>Paper beside live</button>
    <button class="small" onClick=${showMessage}><${Icon} name="copy" size="14" /> Alert message</button>
    ${mayAct.value && html`<button class="small" onClick=${() => close(strategy)}><${Icon} name="close" size="14" /> Close</button>`}`;
  return html`<div ref=${box} class="anchor"><${Card} title=${strategy.name} acts=${acts}>
    <${Facts} of=${[["Instruments", Object.entries(strategy.instruments).map(([ticker, symbol]) => `${ticker} → ${symbol}`).join(", ")],
      ["Timeframe", strategy.timeframe], ["Waits for siblings", `${strategy.sibling_wait} s`],
      ["Leaves at", [strategy.stop_loss && `${percent(strategy.stop_loss, 1)} loss`, strategy.take_profit && `${percent(strategy.take_profit, 1)} profit`].filter(Boolean).join(", ")],
      ["Webhook", strategy.tokens ? `${strategy.tokens} token${strategy.tokens > 1 ? "s" : ""} valid` : html`no token: <code>crypto-bot strategies token ${strategy.name}</code> makes one`]]} />
    ${strategy.followers.length ? html`<div class="followers"><${Table} short label="Who follows ${strategy.name}" columns=${FOLLOWERS(accounts, strategy)} rows=${strategy.followers} rowKey=${(row) => row.account} /></div>`
      : html`<p class="muted">No account follows it: its alerts are stored and end as skipped.</p>`}<//></div>`;
}

export const page = { Page };
