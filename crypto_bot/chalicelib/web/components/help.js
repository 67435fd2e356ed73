// What the keyboard can do here.
import { html } from "vendor/preact.js";
import { Dialog } from "components/dialog.js";

export function Help({ open, close, pages }) {
  if (!open) return null;
  const keys = [["/", "Search on this page"], ["?", "This list"], ["Esc", "Close what is open"],
    ...pages.filter((page) => page.key).map((page) => [`g ${page.key}`, page.title])];
  return html`<${Dialog} title="Keyboard" close=${close}><dl class="keys">
    ${keys.map(([key, what]) => html`<div key=${key}><dt>${key.split(" ").map((one) => html`<kbd key=${one}>${one}</kbd>`)}</dt><dd>${what}</dd></div>`)}</dl><//>`;
}
