// Weights and limits of one account: checked by the program while one types, changed as a whole or not at all.
import { html, useEffect, useMemo, useRef, useState } from "vendor/preact.js";
import { sayFailed, unknown } from "components/confirm.js";
import { Dialog } from "components/dialog.js";
import { Field } from "components/parts.js";
import { ErrorNote } from "components/states.js";
import { toast } from "components/toast.js";
import { newKey, post } from "lib/api.js";
import { renewAll } from "lib/live.js";

const TYPING = 350;
const CONFLICT = 409;
const NOTHING = { would: [], error: null, busy: false };
const ENTRIES = "Your entries are still here: note them, close this, and begin from what is valid now.";
const FRACTION = "fraction, such as 0.25";

// [name, label, kind, hint]; kind: "number" is sent as text, "whole" as a number, "flag", "list"
const OF_ACCOUNT = [
  ["reserve", "Reserve", "number", FRACTION], ["max_drawdown", "Stop at drawdown", "number", FRACTION],
  ["daily_loss_stop", "Stop at daily loss", "number", FRACTION], ["max_exposure_per_coin", "Most in one coin", "number", FRACTION],
  ["max_open_positions", "Open positions", "whole", "at most"], ["max_orders_per_minute", "Orders a minute", "whole", "at most"],
];
const OF_STRATEGY = [
  ["weight", "Weight", "number", FRACTION], ["max_order_notional", "Largest order", "number", "in quote currency"],
  ["max_orders_per_day", "Orders a day", "whole", "at most"], ["daily_loss_stop", "Stop at daily loss", "number", FRACTION],
  ["max_slippage", "Slippage", "number", FRACTION], ["trading_hours", "Trading hours (UTC)", "list", "such as 08:00-16:00"],
  ["approval", "Entries need my word", "flag", ""],
];

const shown = (value) => (Array.isArray(value) ? value.join(", ") : value ?? "");

function written(kind, value) {
  if (kind === "flag") return value;
  const text = String(value).trim();
  if (!text) return null;
  if (kind === "list") return text.split(",").map((part) => part.trim());
  return kind === "whole" && /^\d+$/.test(text) ? Number(text) : text;
}

// `tag` is that of the configuration which is being changed: a newer one is not overwritten.
export function LimitsForm({ account, tag, close }) {
  const [changes, setChanges] = useState({ settings: {}, strategies: {} });
  const [checked, setChecked] = useState(NOTHING);
  const [tries, setTries] = useState(0);
  const [isLost, setLost] = useState(false);  // a change was sent, and nobody knows what became of it
  const isOpen = useRef(true);
  useEffect(() => () => { isOpen.current = false; }, []);
  const key = useMemo(newKey, [changes]);
  const title = `Weights and limits of ${account.name}`;
  const path = `/accounts/${encodeURIComponent(account.name)}/limits`;
  const headers = { "If-Match": tag };
  const isEmpty = !Object.keys(changes.settings).length && !Object.keys(changes.strategies).length;

  useEffect(() => {
    if (isEmpty) { setChecked(NOTHING); return undefined; }
    setChecked((old) => ({ ...old, busy: true }));
    const abort = new AbortController();
    const timer = setTimeout(() => post(path, changes, { headers, signal: abort.signal }).then(
      (answer) => setChecked({ ...NOTHING, would: answer.would }),
      (error) => { if (!abort.signal.aborted) setChecked({ ...NOTHING, error, isUnchecked: !error.isRefusal }); },
    ), TYPING);
    return () => { clearTimeout(timer); abort.abort(); };
  }, [changes, tries]);

  function change(strategy, name, kind, old, value) {
    const next = structuredClone(changes);
    const table = strategy ? (next.strategies[strategy] ??= {}) : next.settings;
    const given = written(kind, value);
    if (String(shown(old)) === String(shown(given))) delete table[name];
    else table[name] = given;
    if (strategy && !Object.keys(table).length) delete next.strategies[strategy];
    setChanges(next);
  }
  async function save() {
    setChecked({ ...checked, busy: true });
    try {
      const answer = await post(path, { ...changes, confirm: true }, { headers, key });
      toast(answer.done, "good");
      renewAll();
      if (isOpen.current) close();  // else what is open now is somebody else's
    } catch (error) {
      if (!isOpen.current) { sayFailed(title, error); return; }
      setLost(isLost || !error.isRefusal);
      setChecked(error.isRefusal ? { ...NOTHING, error } : { ...checked, error: unknown(error), mayRepeat: true });
    }
  }
  const conflict = checked.error?.status === CONFLICT;
  const foot = html`<button onClick=${close}>Cancel</button>
    <button class="primary" disabled=${isEmpty || checked.busy || Boolean(checked.error && !checked.mayRepeat)} onClick=${save}>Change</button>`;
  return html`<${Dialog} side title=${title} close=${close} foot=${foot}>
    <h3>Account</h3><div class="fields">${OF_ACCOUNT.map((entry) => html`<${Input} key=${entry[0]} entry=${entry} where="" of=${account} change=${change} />`)}</div>
    ${account.strategies.map((one) => html`<div key=${one.strategy} class="link"><h3>${one.strategy}</h3>
      <div class="fields">${OF_STRATEGY.map((entry) => html`<${Input} key=${entry[0]} entry=${entry} where=${one.strategy} of=${one} change=${change} />`)}</div></div>`)}
    <div class="checked" aria-live="polite">
      <${ErrorNote} error=${checked.error} retry=${checked.isUnchecked ? () => setTries(tries + 1) : undefined} />
      ${conflict && html`<p>${isLost ? "The configuration was changed meanwhile, perhaps by what you sent before." : "Somebody changed the configuration meanwhile."} ${ENTRIES}</p>`}
      ${checked.would.length > 0 && html`<div class="dry"><h3>What would change</h3><ul>${checked.would.map((line) => html`<li key=${line}>${line}</li>`)}</ul></div>`}
      ${!isEmpty && !checked.busy && !checked.error && !checked.would.length && html`<p class="muted">Nothing would change.</p>`}</div><//>`;
}

function Input({ entry: [name, label, kind, hint], where, of, change }) {
  const [text, setText] = useState(shown(of[name]));
  const full = where ? `${label} of ${where}` : label;
  if (kind === "flag") {
    return html`<label class="flag"><input type="checkbox" checked=${text === true} aria-label=${full}
      onChange=${(event) => { setText(event.target.checked); change(where, name, kind, of[name], event.target.checked); }} /> ${label}</label>`;
  }
  return html`<${Field} label=${label} aria-label=${full} hint=${hint} value=${text} inputmode=${kind === "list" ? "text" : "decimal"} autocomplete="off" placeholder="not set"
    onInput=${(event) => { setText(event.target.value); change(where, name, kind, of[name], event.target.value); }} />`;
}
