// The token is asked for here, tried, and kept by this tab.
import { html, useEffect, useLayoutEffect, useRef, useState } from "vendor/preact.js";
import { Icon } from "components/icons.js";
import { ErrorNote } from "components/states.js";
import { enter } from "lib/entering.js";
import { token } from "lib/session.js";

const UNKNOWN_TOKEN = 401;

// `again`: why a token is asked for once more, over the page that stays as it is.
export function Login({ again }) {
  const [text, setText] = useState("");
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(Boolean(token.value) && !again);
  const input = useRef(null);
  async function attempt(offered) {
    setBusy(true);
    setError(null);
    try {
      await enter(offered);
    } catch (caught) {
      setError(caught.status === UNKNOWN_TOKEN ? { message: "This token is not valid." } : caught);
      setBusy(false);
      input.current?.focus();
    }
  }
  useEffect(() => {
    if (token.value && !again) attempt(token.value);
    else input.current?.focus();
  }, []);
  const submit = (event) => { event.preventDefault(); if (text.trim()) attempt(text.trim()); };
  return html`<${again ? Over : Alone}><form class="card" onSubmit=${submit}>
      <h1 class="brand big"><${Logo} /> crypto_bot</h1>
      ${again ? html`<p>${again} Sign in again; what you were doing is still here.</p>`
        : html`<p>Sign in with the token that <code>crypto-bot run</code> prints when it starts.</p>`}
      <div class="field"><label for="token">Token</label>
        <input id="token" ref=${input} type="password" autocomplete="off" spellcheck="false" value=${text}
          aria-describedby="token-hint" onInput=${(event) => setText(event.target.value)} />
        <small id="token-hint">Kept in this tab until you close it or sign out.</small></div>
      <${ErrorNote} error=${error} />
      <button class="primary" disabled=${busy || !text.trim()}>${busy ? "Looking…" : "Sign in"} <${Icon} name="next" size="16" /></button>
    </form><//>`;
}

const Alone = ({ children }) => html`<main class="login">${children}</main>`;

// Above whatever window is open, which stays as it is. However often its closing is
// prevented, a browser closes it in the end; nobody could sign in then, so it opens again.
function Over({ children }) {
  const box = useRef(null);
  useLayoutEffect(() => { box.current.showModal(); }, []);
  return html`<dialog ref=${box} class="over" aria-label="Sign in again" onCancel=${(event) => event.preventDefault()}
    onClose=${() => box.current?.showModal()}>${children}</dialog>`;
}

export function Logo({ size = 26 }) {
  return html`<svg class="logo" width=${size} height=${size} viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="8" /><path d="M7 20l6-7 5 5 7-9" /><circle cx="25" cy="9" r="2.6" /></svg>`;
}
