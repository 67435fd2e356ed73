// A try of the whole way of an alert; nothing is traded.
import { html, useEffect, useRef, useState } from "vendor/preact.js";
import { sayFailed } from "components/confirm.js";
import { Dialog } from "components/dialog.js";
import { Field } from "components/parts.js";
import { ErrorNote, Shown } from "components/states.js";
import { toast } from "components/toast.js";
import { newKey, post } from "lib/api.js";
import { renewAll, useLive } from "lib/live.js";
import { go } from "lib/route.js";

const TITLE = "Send a test signal";

export function TestSignal({ close }) {
  const live = useLive("/strategies", { every: 0 });
  const [sent, setSent] = useState({ strategy: "", ticker: "", market_position: "long" });
  const [error, setError] = useState(null);
  const [key, setKey] = useState(newKey);
  // Whoever closed this before the answer came is elsewhere by now, and stays there.
  const isOpen = useRef(true);
  useEffect(() => () => { isOpen.current = false; }, []);
  const strategies = live.data?.strategies ?? [];
  const chosen = strategies.find(({ name }) => name === sent.strategy) ?? strategies[0];
  const tickers = Object.keys(chosen?.instruments ?? {});
  const ticker = tickers.includes(sent.ticker) ? sent.ticker : tickers[0];  // another strategy has others
  const change = (name) => (event) => {
    setSent({ ...sent, [name]: event.target.value });
    setKey(newKey());  // another signal than the last one that was tried
  };
  async function send() {
    setError(null);
    try {
      const body = { strategy: chosen.name, market_position: sent.market_position, ...(ticker && { ticker }) };
      const answer = await post("/test-signal", body, { key });
      toast(answer.done, "good");
      renewAll();
      if (!isOpen.current) return;
      go("/signals", [answer.signal_id]);
      close();
    } catch (caught) {
      if (!isOpen.current) { sayFailed(TITLE, caught); return; }
      if (caught.isRefusal) setKey(newKey());
      setError(caught);
    }
  }
  const foot = html`<button onClick=${close}>Cancel</button><button class="primary" disabled=${!chosen} onClick=${send}>Send</button>`;
  return html`<${Dialog} title=${TITLE} close=${close} foot=${foot}>
    <p class="muted">It arrives, is planned and ends like any other alert; nothing is traded.</p>
    <${Shown} live=${live} lines=${3}>${() => (chosen ? html`<div class="fields">
      <${Field} label="Strategy">${(input) => html`<select ...${input} value=${chosen.name} onChange=${change("strategy")}>
        ${strategies.map(({ name }) => html`<option key=${name} value=${name}>${name}</option>`)}</select>`}<//>
      <${Field} label="Ticker">${(input) => html`<select ...${input} value=${ticker} onChange=${change("ticker")}>
        ${tickers.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}</select>`}<//>
      <${Field} label="Position">${(input) => html`<select ...${input} value=${sent.market_position} onChange=${change("market_position")}>
        <option value="long">long</option><option value="flat">flat</option></select>`}<//></div>`
      : html`<p>There is no strategy yet: <code>crypto-bot strategies apply FILE</code></p>`)}<//>
    <${ErrorNote} error=${error} /><//>`;
}
