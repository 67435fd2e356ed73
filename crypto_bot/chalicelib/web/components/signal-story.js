// One signal from the alert to the last fill: what was said, decided, sent, and when.
import { html } from "vendor/preact.js";
import { confirmAct } from "components/confirm.js";
import { Dialog } from "components/dialog.js";
import { Badge, Code, Facts } from "components/parts.js";
import { Ago, Shown } from "components/states.js";
import { amount, fullTime } from "lib/format.js";
import { useLive } from "lib/live.js";
import { href } from "lib/route.js";
import { mayAct } from "lib/session.js";

export function SignalStory({ id, close }) {
  const live = useLive(`/signals/${encodeURIComponent(id)}`);
  const signal = live.data?.signal;
  const waits = mayAct.value && signal?.waits_for?.length > 0;
  const foot = waits && html`<button onClick=${() => decide(signal, "decline", "Decline")}>Decline</button>
    <button class="primary" onClick=${() => decide(signal, "approve", "Approve")}>Approve</button>`;
  return html`<${Dialog} side title=${signal ? `${signal.strategy}: ${signal.state} ${signal.symbol}` : "Signal"} close=${close} foot=${foot}>
    <${Shown} live=${live} lines=${10}>${(data) => html`<${Story} ...${data} />`}<//><//>`;
}

function decide(signal, act, verb) {
  confirmAct({ title: `${verb} ${signal.strategy} ${signal.state} ${signal.symbol}`, verb, path: `/signals/${encodeURIComponent(signal.id)}/${act}`, danger: act === "decline" });
}

function Story({ signal, alert, chain, timings }) {
  return html`<div class="note"><div><${Badge} of=${signal.status} /> ${signal.reason}
      ${signal.waits_for.length > 0 && html`<div>Waits for your word on ${signal.waits_for.join(", ")}.</div>`}</div></div>
    <${Facts} of=${[
      ["Wish", html`<${Badge} of=${signal.state} /> ${signal.symbol} <small>${signal.ticker}</small>`],
      ["Fired", html`${fullTime(signal.fired_at)}`], ["Received", fullTime(signal.received_at)],
      ["Price in the alert", signal.price && amount(signal.price)],
      ["Stop loss", signal.stop_loss && amount(signal.stop_loss)], ["Take profit", signal.take_profit && amount(signal.take_profit)],
      ["Size", signal.size && `${amount(signal.size.amount)} ${signal.size.unit}`], ["Interval", signal.interval],
      ["Order", signal.order && `${signal.order.kind} ${signal.order.price ? amount(signal.order.price) : ""}`],
      ["Order id", signal.order_id], ["Comment", signal.comment],
      ["Kind", [signal.urgent && "urgent", signal.test && "test", signal.approved && "approved"].filter(Boolean).join(", ")],
      ["Id", html`<span class="mono">${signal.id}</span>`]]} />
    <h3>What happened</h3><${Timeline} timings=${timings} />
    ${chain.length > 0 && html`<h3>What each account made of it</h3>${chain.map((link) => html`<${Link} key=${link.account} link=${link} />`)}`}
    ${alert && html`<details><summary>The alert as it was received</summary>
      <${Code} label="The alert as it was received" text=${alert} />
      <p class="muted">Without tokens and other secrets, which are never stored.</p></details>`}
    <details><summary>The signal as it is stored</summary>
      <${Code} label="The signal as it is stored" text=${JSON.stringify(signal, null, 2)} /></details>`;
}

function Timeline({ timings }) {
  const start = timings.length ? Date.parse(timings[0].at) : 0;
  return html`<ol class="timeline">${timings.map((moment, index) => html`<li key=${index}>
    <strong>${moment.what}</strong> ${moment.account && html`<small>on ${moment.account}</small>`}
    <span class="fill"></span><small title=${fullTime(moment.at)}>${index ? `+${((Date.parse(moment.at) - start) / 1000).toFixed(2)} s` : html`<${Ago} at=${moment.at} />`}</small></li>`)}</ol>`;
}

function Link({ link }) {
  return html`<div class="link"><div><strong>${link.account}</strong> <${Badge} of=${link.outcome.status} /></div>
    <p>${link.outcome.reason || link.verdict?.reason}</p>
    ${link.orders.length > 0 && html`<ul class="plain">${link.orders.map((order) => html`<li key=${order.intent.id}>
      <div><a href=${href("/orders", [], { open: order.intent.id })}>${order.intent.side} ${amount(order.intent.quantity)} ${order.intent.symbol}</a> <${Badge} of=${order.status} /></div>
      <div>limit ${amount(order.intent.limit_price)}</div>
      ${order.fills.map((fill) => html`<div key=${fill.trade_id} class="muted">filled ${amount(fill.quantity)} at ${amount(fill.price)}, fee ${amount(fill.fee)} ${fill.fee_asset}</div>`)}</li>`)}</ul>`}</div>`;
}
