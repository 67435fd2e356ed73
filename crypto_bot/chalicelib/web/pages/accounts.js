// Accounts: whose money, where, and whether their keys are there. Keys go in here and never come out.
import { html, useEffect, useState } from "vendor/preact.js";
import { confirmAct } from "components/confirm.js";
import { Dialog } from "components/dialog.js";
import { Icon } from "components/icons.js";
import { Badge, Card, Facts, Field, Mode, PageHead } from "components/parts.js";
import { Ago, AsOf, Empty, ErrorNote, Shown, Skeleton } from "components/states.js";
import { get, post } from "lib/api.js";
import { money, percent } from "lib/format.js";
import { useLive } from "lib/live.js";
import { href } from "lib/route.js";
import { mayAct } from "lib/session.js";

function Page() {
  const live = useLive("/accounts", { every: 15000 });
  const [adding, setAdding] = useState(false);
  const acts = mayAct.value && html`<button class="primary" onClick=${() => setAdding(true)}><${Icon} name="plus" /> Add account</button>`;
  return html`<${PageHead} title="Accounts" at=${html`<${AsOf} at=${live.at} />`}>${acts}<//>
    <${Shown} live=${live}>${(data) => (data.accounts.length
      ? html`${data.keys_refusal && html`<p class="muted">${data.keys_refusal}</p>`}
        <div class="cards">${data.accounts.map((account) => html`<${Account} key=${account.name} account=${account} takesKeys=${!data.keys_refusal} />`)}</div>`
      : html`<${Card}><${Empty} title="No account yet" icon="accounts">
          An account is a set of exchange keys, or virtual money. Add one here, or with <code>crypto-bot accounts apply FILE</code>.<//><//>`)}<//>
    ${adding && html`<${Adding} refusal=${live.data?.live_refusal ?? ""} keysRefusal=${live.data?.keys_refusal ?? ""} close=${() => setAdding(false)} />`}`;
}

function Account({ account, takesKeys }) {
  const [handing, setHanding] = useState(false);
  const [checks, setChecks] = useState(null);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const path = `/accounts/${encodeURIComponent(account.name)}`;
  async function check() {
    setBusy(true);
    setError(null);
    try {
      setChecks((await post(`${path}/check`, {})).checks);
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  }
  const unlink = () => confirmAct({ title: `Unlink the keys of ${account.name}`, verb: "Unlink", danger: true, path: `${path}/keys/unlink`, tell: toldOf });
  const isVirtual = account.mode === "virtual";
  const has = account.keys.presence === "present";
  return html`<${Card} title=${account.name} acts=${html`<${Mode} of=${account.mode} />`}>
    <${Facts} of=${[
      ["Venue", isVirtual ? `virtual, prices of ${account.prices_from || "its own candles"}` : account.exchange],
      ["Quote", account.quote],
      ["Capital", account.capital === null ? "all of it" : `${money(account.capital)} ${account.quote}`],
      ["Policy", `${account.policy}, reserve ${percent(account.reserve, 1)}`],
      ["Follows", account.follows.length ? account.follows.map((one) => html`<a key=${one.strategy} class="accounts-follows" href=${href("/strategies")}>${one.strategy} ${percent(one.weight, 1)}${one.paused ? " (paused)" : ""}</a>`) : "nothing yet"],
      ["Stopped by", account.stopped_by.length ? html`<${Badge} of=${account.stopped_by.join(", ")} tone="bad" />` : ""],
      ["Silent", account.silent_until ? html`until <${Ago} at=${account.silent_until} />: ${account.silent_because}` : ""],
      ["Keys", html`<${Keys} account=${account} />`],
    ]} />
    ${mayAct.value && takesKeys && html`<div class="bar accounts-acts">
      <button disabled=${busy} onClick=${check}>${busy ? "Asking the venue…" : "Test"}</button>
      ${!isVirtual && html`<button onClick=${() => setHanding(true)}>${has ? "Replace keys" : "Hand over keys"}</button>`}
      ${!isVirtual && has && html`<button class="quiet danger-text" onClick=${unlink}>Unlink keys</button>`}</div>`}
    <${ErrorNote} error=${error} retry=${check} />
    ${checks && html`<${Checks} checks=${checks} />`}
    ${handing && html`<${Handing} account=${account.name} exchange=${account.exchange} close=${() => setHanding(false)} />`}<//>`;
}

function Keys({ account }) {
  const { presence, fields, told } = account.keys;
  if (presence === "not needed") return html`<span class="muted">not needed: the money is virtual</span>`;
  return html`<${Badge} of=${presence} /> <span class="mono">${account.secret}</span>
    ${fields.length > 0 && html`<div class="muted">has ${fields.join(", ")}</div>`}${told && html`<div class="muted">${told}</div>`}`;
}

function Checks({ checks }) {
  const word = { true: ["ok", "good"], false: ["wrong", "bad"], null: ["cannot tell", "plain"] };
  return html`<ul class="accounts-checks" aria-label="What the venue answered" aria-live="polite">${checks.map((one) => html`
    <li key=${one.name}><${Badge} of=${word[one.ok][0]} tone=${word[one.ok][1]} /><strong>${one.name}</strong><span>${one.detail}</span></li>`)}</ul>`;
}

const toldOf = ({ would, shared_with: others, notes = [] }) => html`<ul><li>${would}</li>${others?.length > 0 && html`<li>The accounts ${others.join(", ")} use the same keys.</li>`}
  ${notes.map((note) => html`<li key=${note}>${note}</li>`)}</ul>`;

const PROMPT = { autocomplete: "off", spellcheck: false, type: "password" };

function KeyFields({ names, values, change }) {
  return names.map((name) => html`<${Field} key=${name} label=${name} name=${name} value=${values[name] ?? ""} ...${PROMPT}
    onInput=${(event) => change({ ...values, [name]: event.target.value })} />`);
}

// The fields that the keys of an exchange have; a passphrase may be wanted where nobody knows.
function useFields(exchange) {
  const [state, setState] = useState({ fields: null, error: null });
  useEffect(() => {
    if (!exchange) { setState({ fields: null, error: null }); return undefined; }
    const control = new AbortController();
    const timer = setTimeout(() => {
      get("/accounts/fields", { query: { exchange }, signal: control.signal }).then(
        ({ fields }) => setState({ fields, error: null }),
        (error) => { if (error.name !== "AbortError") setState({ fields: null, error }); },
      );
    }, 300);
    return () => { clearTimeout(timer); control.abort(); };
  }, [exchange]);
  return state;
}

// What was typed lives in this window alone, and is gone with it.
function Handing({ account, exchange, close }) {
  const { fields, error } = useFields(exchange);
  const [values, setValues] = useState({});
  const hand = (event) => {
    event.preventDefault();
    confirmAct({ title: `Keys of ${account}`, verb: "Store", path: `/accounts/${encodeURIComponent(account)}/keys`, body: { keys: values, exchange }, tell: toldOf, done: close });
  };
  return html`<${Dialog} title="Keys of ${account}" close=${close} foot=${html`<button onClick=${close}>Cancel</button><button class="primary" form="keys" disabled=${!fields}>Next</button>`}>
    <p>They go straight to where the bot reads them, in place of those that are there. Nothing shows them again. Make them on ${exchange} without the right to withdraw.</p>
    <${ErrorNote} error=${error} />
    ${fields ? html`<form id="keys" class="fields" autocomplete="off" onSubmit=${hand}><${KeyFields} names=${fields} values=${values} change=${setValues} /></form>` : !error && html`<${Skeleton} lines=${2} />`}<//>`;
}

const NAME = "[A-Za-z0-9._\\-]{1,64}";
const START = { name: "", mode: "virtual", exchange: "virtual", quote: "USDT", capital: "", prices_from: "binance" };

function Adding({ refusal, keysRefusal, close }) {
  const [form, setForm] = useState(START);
  const [keys, setKeys] = useState({});
  const [error, setError] = useState(null);
  const isVirtual = form.mode === "virtual";
  const venue = isVirtual ? "" : form.exchange;
  const { fields, error: unknown } = useFields(venue);
  const set = (name) => (event) => setForm({ ...form, [name]: event.target.value });
  const setMode = (event) => setForm({ ...form, mode: event.target.value, exchange: event.target.value === "virtual" ? "virtual" : form.exchange === "virtual" ? "binance" : form.exchange });
  function next(event) {
    event.preventDefault();
    setError(null);
    const given = Object.fromEntries(Object.entries(form).filter(([name, value]) => value !== "" && (isVirtual || name !== "prices_from")));
    const add = () => confirmAct({ title: `Add account ${form.name}`, verb: "Add", path: "/accounts", body: given, danger: form.mode === "live", note: form.mode === "live" ? "This account trades real money." : "", done: close });
    if (isVirtual || !Object.values(keys).some(Boolean)) { add(); return; }
    confirmAct({ title: `Keys of ${form.name}`, verb: "Store", path: `/accounts/${encodeURIComponent(form.name)}/keys`, body: { keys, exchange: form.exchange }, tell: toldOf, done: () => setTimeout(add) });
  }
  return html`<${Dialog} title="Add an account" close=${close} foot=${html`<button onClick=${close}>Cancel</button><button class="primary" form="account">Next</button>`}>
    <form id="account" class="fields" autocomplete="off" onSubmit=${next}>
      <${Field} label="Name" name="name" required pattern=${NAME} value=${form.name} onInput=${set("name")} hint="Letters, digits, dots, dashes." />
      <${Field} label="Mode" hint=${(!isVirtual && keysRefusal) || (form.mode === "live" ? refusal : "")}>${(input) => html`<select ...${input} value=${form.mode} onChange=${setMode}>
        <option value="virtual">paper: virtual money</option><option value="sandbox">sandbox: the venue's test system</option><option value="live">live: real money</option></select>`}<//>
      ${isVirtual
        ? html`<${Field} label="Prices from" required value=${form.prices_from} onInput=${set("prices_from")} hint="An exchange such as binance, or synthetic." />`
        : html`<${Field} label="Exchange" required value=${form.exchange} onInput=${set("exchange")} hint="Its id, such as binance, kraken or coinbase." error=${unknown?.message} />`}
      <${Field} label="Quote currency" required value=${form.quote} onInput=${set("quote")} />
      <${Field} label="Capital" inputmode="decimal" value=${form.capital} onInput=${set("capital")} hint="In the quote currency; empty: all there is." />
      ${fields && !keysRefusal && html`<${KeyFields} names=${fields} values=${keys} change=${setKeys} />`}
    </form><${ErrorNote} error=${error} /><//>`;
}

export const page = { Page };
