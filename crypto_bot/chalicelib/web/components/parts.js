// The small pieces that pages are put together of.
import { html, useState } from "vendor/preact.js";
import { Icon } from "components/icons.js";
import { toast } from "components/toast.js";
import { money, signed, tone, words } from "lib/format.js";

export function PageHead({ title, at, children }) {
  return html`<header class="page-head"><h1 tabindex="-1">${title}</h1>${at}<div class="acts">${children}</div></header>`;
}

export function Card({ title, acts, wide, children, id }) {
  return html`<section class="card ${wide ? "wide" : ""}" id=${id} aria-label=${title}>
    ${(title || acts) && html`<header><h2>${title}</h2><div class="acts">${acts}</div></header>`}${children}</section>`;
}

// One figure with its name; `change` is coloured by its sign.
export function Figure({ name, value, unit, change, note }) {
  return html`<div class="figure"><dt>${name}</dt>
    <dd><span class=${change === undefined ? "" : tone(change)}>${value}</span>${unit && html`<small>${unit}</small>`}</dd>
    ${note && html`<dd class="note-line">${note}</dd>`}</div>`;
}

export function Money({ of, unit, digits }) {
  return html`<span class="number" title=${of}>${money(of, digits)}${unit && html`<small>${unit}</small>`}</span>`;
}

export function Change({ of, unit }) {
  return html`<span class="number ${tone(of)}" title=${of}>${signed(of)}${unit && html`<small>${unit}</small>`}</span>`;
}

const TONES = {
  good: /^(executed|filled|active|ok|worked|booked|healthy|running|long|buy|done|ready|present)$/,
  bad: /^(rejected|denied|failed|halted|error|short|sell|missing|suspended|broken)$/,
  warn: /^(partially executed|partially filled|held|expired|paused|waiting|blocked|stale|late|canceled|entries stopped)$/,
  info: /^(pending|initialized|submitted|accepted|new|planned|open|superseded|skipped|due|received)$/,
};

// A state by its name: the colour only repeats what the word says.
export function Badge({ of, tone: given }) {
  const text = words(of);
  const found = given ?? Object.keys(TONES).find((name) => TONES[name].test(text)) ?? "plain";
  return html`<span class="badge ${found}">${text}</span>`;
}

// Whether money is real: "PAPER", "SANDBOX" or "LIVE"; an account's `mode` does as well.
export function Mode({ of }) {
  const mode = of === "virtual" ? "paper" : of.toLowerCase();
  return html`<span class="mode ${mode}">${mode}</span>`;
}

export function Copy({ text, label = "Copy" }) {
  const [done, setDone] = useState(false);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setDone(true);
      setTimeout(() => setDone(false), 1500);
    } catch {
      toast("The browser does not let this page copy: select the text instead.", "bad");
    }
  }
  return html`<button class="small" onClick=${copy}><${Icon} name=${done ? "check" : "copy"} size="14" /> ${done ? "Copied" : label}</button>`;
}

export function Code({ text, label }) {
  return html`<div class="code"><${Copy} text=${text} /><pre tabindex="0" aria-label=${label}>${text}</pre></div>`;
}

// Names and values beside each other; what has no value is left out.
export function Facts({ of }) {
  const given = of.filter(([, value]) => value !== undefined && value !== null && value !== "");
  return html`<dl class="facts">${given.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

let fields = 0;

// `error` is shown under the field, and read out with it.
export function Field({ label, hint, error, children, ...given }) {
  const [id] = useState(() => `field-${(fields += 1)}`);
  const about = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  const input = { id, "aria-describedby": about, "aria-invalid": error ? "true" : undefined, ...given };
  return html`<div class="field ${error ? "wrong" : ""}"><label for=${id}>${label}</label>
    ${children ? children(input) : html`<input ...${input} />`}
    ${hint && html`<small id="${id}-hint">${hint}</small>`}
    ${error && html`<small id="${id}-error" class="bad" role="alert">${error}</small>`}</div>`;
}

// `options`: [value, name] pairs; `value` is the chosen one.
export function Tabs({ label, options, value, choose }) {
  return html`<div class="tabs" role="group" aria-label=${label}>${options.map(([key, name]) => html`
    <button key=${key} aria-pressed=${key === value ? "true" : "false"} onClick=${() => choose(key)}>${name}</button>`)}</div>`;
}
