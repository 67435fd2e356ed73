// A short word at the edge about what just happened; what has to stay is said in its place.
import { html, signal } from "vendor/preact.js";
import { Icon } from "components/icons.js";

const SHOWN = 6000;
const said = signal([]);
let count = 0;

// tone: "good", "bad" or "plain"
export function toast(text, tone = "plain") {
  const id = (count += 1);
  said.value = [...said.value.slice(-3), { id, text, tone }];
  setTimeout(() => drop(id), tone === "bad" ? SHOWN * 2 : SHOWN);
}

function drop(id) {
  said.value = said.value.filter((one) => one.id !== id);
}

export function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">
    ${said.value.map(({ id, text, tone }) => html`<div key=${id} class="toast ${tone}">
      <${Icon} name=${tone === "bad" ? "warning" : tone === "good" ? "check" : "about"} />
      <span>${text}</span>
      <button class="quiet" aria-label="Dismiss" onClick=${() => drop(id)}><${Icon} name="close" size="14" /></button>
    </div>`)}</div>`;
}
