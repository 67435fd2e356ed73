// What this is, and the notices of those whose work is in it.
import { html, useEffect, useState } from "vendor/preact.js";
import { Icon } from "components/icons.js";
import { Card, Facts, PageHead } from "components/parts.js";
import { ErrorNote, Skeleton } from "components/states.js";
import { download } from "lib/api.js";
import { useLive } from "lib/live.js";

function Page() {
  const health = useLive("/health", { every: 0 });
  return html`<${PageHead} title="About" />
    <${Card} title="crypto_bot">
      <p>Executes alerts of strategies on crypto exchanges, each exactly once, sized for the whole portfolio.</p>
      <${Facts} of=${[["Version", health.data?.version], ["Licence", "Apache-2.0"],
        ["Keyboard", html`<kbd>?</kbd> lists what keys do`],
        ["Interface", html`<button class="small" onClick=${() => download("/openapi.json", "openapi.json")}><${Icon} name="download" size="14" /> openapi.json</button>`]]} /><//>
    <${Card} title="Charts">
      <p>Price charts are drawn by Lightweight Charts™, © TradingView, Inc.,
        <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer">www.tradingview.com</a>.</p><//>
    <${Card} title="Licences of what is built in"><${Licences} /><//>`;
}

function Licences() {
  const [text, setText] = useState("");
  const [error, setError] = useState(null);
  useEffect(() => {
    fetch(import.meta.resolve("vendor/licences.txt")).then((answer) => answer.text()).then(setText, setError);
  }, []);
  if (error) return html`<${ErrorNote} error=${error} />`;
  return text ? html`<div class="code"><pre tabindex="0" aria-label="Licences">${text}</pre></div>` : html`<${Skeleton} />`;
}

export const page = { Page };
