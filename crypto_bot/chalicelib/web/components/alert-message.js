// What to paste into TradingView's alert, ready to copy; a message of one's own can be tried, too.
import { html, useEffect, useState } from "vendor/preact.js";
import { Dialog } from "components/dialog.js";
import { Code } from "components/parts.js";
import { ErrorNote, Shown } from "components/states.js";
import { post } from "lib/api.js";
import { useLive } from "lib/live.js";

const TYPING = 400;

export function AlertMessage({ strategy, close }) {
  const path = `/alert-message/${encodeURIComponent(strategy)}`;
  const live = useLive(path, { every: 0 });
  return html`<${Dialog} side title=${`Alert message of ${strategy}`} close=${close}>
    <${Shown} live=${live}>${(data) => html`
      <ol><li>On the strategy's chart press Alert and choose the strategy as the condition.</li>
        <li>Put this into Message, whole; TradingView fills in the placeholders.</li>
        <li>Under Notifications switch on Webhook URL and paste the address.</li></ol>
      <h3>Message</h3><${Code} label="Alert message" text=${data.message} />
      <h3>Webhook URL</h3><${Code} label="Webhook URL" text=${new URL(data.url.replace(/^\//, ""), new URL(".", location.href)).href} />
      <p class="muted">TOKEN was shown once, when the strategy was applied; <code>crypto-bot strategies token ${strategy}</code> makes another.
        TradingView reaches ports 80 and 443 only: a program on a laptop needs a tunnel.</p>
      <${Findings} of=${data} />
      <h3>Try a message of your own</h3><${Trial} path=${path} first=${data.message} />`}<//><//>`;
}

function Trial({ path, first }) {
  const [text, setText] = useState(first);
  const [found, setFound] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => {
    if (text === first || !text.trim()) { setFound(null); return undefined; }
    const abort = new AbortController();  // an answer about what stood there before would be shown of this
    const timer = setTimeout(() => post(`${path}/check`, { message: text }, { signal: abort.signal }).then(
      (answer) => { setFound(answer); setError(null); },
      (caught) => { if (!abort.signal.aborted) setError(caught); },
    ), TYPING);
    return () => { clearTimeout(timer); abort.abort(); };
  }, [text]);
  return html`<textarea rows="7" spellcheck="false" aria-label="A message to try" value=${text} onInput=${(event) => setText(event.target.value)}></textarea>
    <${ErrorNote} error=${error} />${found && html`<${Findings} of=${found} />`}`;
}

function Findings({ of: { problems, notes } }) {
  return html`<div role="status">${problems.map((text) => html`<div key=${text} class="note bad"><div>${text}</div></div>`)}
    ${notes.map((text) => html`<div key=${text} class="note"><div>${text}</div></div>`)}
    ${!problems.length && html`<div class="note good"><div>An entry, an exit and a reversal are understood.</div></div>`}</div>`;
}
