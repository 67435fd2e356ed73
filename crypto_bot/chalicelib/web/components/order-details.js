// One order with its fills, the venue's ids, and the signals behind it.
import { html } from "vendor/preact.js";
import { confirmAct } from "components/confirm.js";
import { Dialog } from "components/dialog.js";
import { Badge, Code, Facts } from "components/parts.js";
import { Shown } from "components/states.js";
import { amount, fullTime } from "lib/format.js";
import { useLive } from "lib/live.js";
import { href } from "lib/route.js";
import { mayAct } from "lib/session.js";

const RESTING = new Set(["ACCEPTED", "PARTIALLY_FILLED"]);

export function OrderDetails({ id, close }) {
  const live = useLive("/order", { query: { id } });
  const order = live.data?.order;
  const mayCancel = mayAct.value && order && RESTING.has(order.status) && !order.cancel_requested;
  const foot = mayCancel && html`<button class="danger" onClick=${() => cancel(order)}>Take back</button>`;
  const title = order ? `${order.intent.side} ${amount(order.intent.quantity)} ${order.intent.symbol}` : "Order";
  return html`<${Dialog} side title=${title} close=${close} foot=${foot}>
    <${Shown} live=${live} lines=${10}>${(data) => html`<${Details} ...${data} />`}<//><//>`;
}

function cancel(order) {
  confirmAct({ title: "Take the order back", verb: "Take back", danger: true, path: "/orders/cancel", body: { order_id: order.intent.id } });
}

function Details({ order, signals }) {
  const { intent } = order;
  return html`<div class="note"><div><${Badge} of=${order.status} /> ${order.code && html`<code>${order.code}</code> `}${order.reason || intent.because}</div></div>
    ${order.status === "HELD" && html`<div class="note warn"><div>Nobody can find this order. <code>crypto-bot resolve ${intent.id}</code> shows the evidence and what to say.</div></div>`}
    <${Facts} of=${[
      ["Account", intent.account], ["Kind", `${intent.type}, ${intent.time_in_force}`],
      ["Limit", amount(intent.limit_price)], ["Stop", intent.stop_price && amount(intent.stop_price)],
      ["Quantity", amount(intent.quantity)], ["Filled", amount(order.filled)],
      ["For", intent.shares.map((share) => html`<div key=${share.strategy}>${share.strategy} ${amount(share.quantity)}</div>`)],
      ["Created", fullTime(order.created_at)], ["First sent", fullTime(order.first_sent_at)], ["Updated", fullTime(order.updated_at)],
      ["Attempts", order.attempts || ""], ["Taking back", order.cancel_requested ? "asked for" : ""],
      ["Client order id", html`<span class="mono">${intent.client_order_id}</span>`],
      ["Venue's order id", order.venue_order_id && html`<span class="mono">${order.venue_order_id}</span>`]]} />
    <h3>Fills</h3>
    ${order.fills.length ? html`<ul class="plain">${order.fills.map((fill) => html`<li key=${fill.trade_id}>
      <div>${amount(fill.quantity)} at ${amount(fill.price)}</div><div title=${fullTime(fill.at)}>fee ${amount(fill.fee)} ${fill.fee_asset}</div></li>`)}</ul>` : html`<p class="muted">None.</p>`}
    <h3>Signals behind it</h3>
    ${signals.length ? html`<ul class="plain">${signals.map((one) => html`<li key=${one.signal_id}>
      <div><a href=${href("/signals", [one.signal_id])}>${one.strategy}</a></div><div>${one.reason}</div></li>`)}</ul>` : html`<p class="muted">None: ${intent.because || "the plan itself wanted it"}.</p>`}
    <details><summary>The order as it is stored</summary><${Code} label="The order as it is stored" text=${JSON.stringify(order, null, 2)} /></details>`;
}
