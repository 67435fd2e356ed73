// The kill switch: stops entries at once, or sells everything, too; the way back is asked for as carefully.
import { html, signal, useEffect, useState } from "vendor/preact.js";
import { confirmAct } from "components/confirm.js";
import { Dialog } from "components/dialog.js";
import { Icon } from "components/icons.js";
import { Field } from "components/parts.js";
import { time } from "lib/format.js";
import { mayAct } from "lib/session.js";

const SAID = {
  no_entries: "Trading is halted: nothing is bought until it is resumed.",
  flatten: "Trading is halted, and everything that strategies hold is being sold.",
  sold: "Trading is halted, and everything that strategies held is sold.",
};

const choosing = signal(false);

export function Halted({ gate, positions }) {
  const level = gate.level === "flatten" && !positions.length ? "sold" : gate.level;
  return html`<div class="halted" role="status"><${Icon} name="stop" />
    <span>${SAID[level] ?? "Trading is halted."} Since ${time(gate.at)}${gate.reason && `: ${gate.reason}`}</span></div>`;
}

export function HaltButton({ gate }) {
  if (!mayAct.value) return null;
  if (gate.halted) return html`${gate.level !== "flatten" && html`<button class="danger" onClick=${sell}>Sell everything…</button>`}
    <button onClick=${resume}><${Icon} name="play" size="16" /> Resume trading</button>`;
  return html`<button class="danger" onClick=${() => { choosing.value = true; }}><${Icon} name="stop" size="16" /> Halt</button>
    ${choosing.value && html`<${Choice} close=${() => { choosing.value = false; }} />`}`;
}

function Choice({ close }) {
  const [reason, setReason] = useState("");
  // Somebody else's halt takes the window away, and their resuming must not bring it back.
  useEffect(() => () => { choosing.value = false; }, []);
  function ask(flatten) {
    close();
    confirmAct({ title: flatten ? "Halt and sell everything" : "Halt all entries", verb: flatten ? "Halt and sell" : "Halt now", danger: true,
      path: "/halt", body: { flatten, ...(reason.trim() && { reason: reason.trim() }) } });
  }
  const foot = html`<button onClick=${() => ask(true)}>Also sell everything…</button>
    <button class="danger" onClick=${() => ask(false)}>Halt entries…</button>`;
  return html`<${Dialog} title="Halt trading" close=${close} foot=${foot}>
    <p>From the next send on nothing is bought on any account, until you resume. Exits still run, and alerts are kept with their outcome.</p>
    <${Field} label="Reason" hint="Kept with the halt; may be left empty." maxlength="200" value=${reason} onInput=${(event) => setReason(event.target.value)} /><//>`;
}

function sell() {
  confirmAct({ title: "Halt and sell everything", verb: "Sell everything", danger: true, path: "/halt", body: { flatten: true } });
}

function resume() {
  confirmAct({ title: "Resume trading", verb: "Resume", path: "/resume" });
}
