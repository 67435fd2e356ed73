// Acts that move money: first what would happen (a dry run), then the question, then the deed, once.
import { html, signal, useEffect, useState } from "vendor/preact.js";
import { Dialog } from "components/dialog.js";
import { ErrorNote, Skeleton } from "components/states.js";
import { toast } from "components/toast.js";
import { ApiError, call, newKey } from "lib/api.js";
import { renewAll } from "lib/live.js";

const WRONG = [400, 422];  // of the request itself: sent again it is as wrong

const asked = signal(null);

// act: {title, verb, path, method = "POST", body = {}, headers, danger, note, done(answer), said(answer)}
//   dry: false for a route that takes no `confirm` (nothing of money); `note` then says what happens
//   tell(dry): what the dry run found, as a node; else its `would`, a sentence or several
//   back(dry): fields that the deed sends back of what the dry run found
//   done(answer): what follows; said(answer): the toast's text, else the answer's `done`
// A form that asks stays open under the question, for whoever goes back to it; `done` closes it.
export function confirmAct(act) {
  asked.value = { method: "POST", body: {}, dry: true, ...act };
}

export function ConfirmDialog() {
  const act = asked.value;
  // Whoever gave up waiting may be asked something else by now, which no late answer may close.
  const isAsked = () => asked.value === act;
  return act && html`<${Question} act=${act} isAsked=${isAsked} close=${() => { if (isAsked()) asked.value = null; }} />`;
}

function Question({ act, isAsked, close }) {
  const [found, setFound] = useState(act.dry ? null : {});
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const [key, setKey] = useState(newKey);

  async function look() {
    setError(null);
    try {
      setFound(await call(act.method, act.path, { body: act.body, headers: act.headers }));
    } catch (caught) {
      setError(caught);
    }
  }
  useEffect(() => { if (act.dry) look(); }, []);

  async function doIt() {
    setBusy(true);
    setError(null);
    try {
      const answer = await call(act.method, act.path, { body: act.dry ? { ...act.body, ...act.back?.(found), confirm: true } : act.body, key, headers: act.headers });
      toast(act.said?.(answer) ?? answer?.done ?? `${act.title}: done.`, "good");
      renewAll();
      if (isAsked()) act.done?.(answer);
      close();
    } catch (caught) {
      if (!isAsked()) { sayFailed(act.title, caught); return; }
      setBusy(false);
      if (caught.isRefusal) setKey(newKey());  // so trying again is another act
      if (caught.field === "digest") setFound(null);  // what was shown is not what there is: look again
      setError(caught.isRefusal || caught.field ? caught : unknown(caught));
    }
  }
  const isWrong = WRONG.includes(error?.status) && error.field !== "digest";
  const foot = html`<button onClick=${close}>Cancel</button>
    <button class=${act.danger ? "danger" : "primary"} disabled=${busy || found === null} onClick=${doIt}>${busy ? "Working…" : act.verb}</button>`;
  return html`<${Dialog} title=${act.title} close=${close} foot=${foot}>
    ${act.note && html`<p>${act.note}</p>`}
    ${found === null && !error && html`<${Skeleton} lines=${3} />`}
    ${found !== null && act.dry && html`<div class="dry"><h3>What would happen</h3>${(act.tell ?? Sentences)(found)}</div>`}
    <${ErrorNote} error=${error} retry=${found === null && !isWrong ? look : undefined} /><//>`;
}

// The same key goes with the next press, so that pressing again cannot do it twice.
export function unknown(error, next = "pressing again cannot do it twice") {
  return new ApiError(0, `${error.message.replace(/[^.?!]$/, "$&.")} It may have been done or not; ${next}.`);
}

// Of an act whose window was closed before the answer came: its key is gone with it.
export function sayFailed(title, error) {
  const told = error.isRefusal ? error : unknown(error, "look at what there is before you do it again");
  toast(`${title}: ${told.message}`, "bad");
}

function Sentences({ would }) {
  const lines = [would ?? []].flat().filter(Boolean);
  if (!lines.length) return html`<p>Nothing would change.</p>`;
  return html`<ul>${lines.map((line) => html`<li key=${line}>${line}</li>`)}</ul>`;
}
