// What stands where data should: on its way, none yet, could not be had, no longer fresh.
import { html, signal, useEffect } from "vendor/preact.js";
import { Icon } from "components/icons.js";
import { ago, fullTime, span } from "lib/format.js";

export const now = signal(Date.now());
setInterval(() => { if (!document.hidden) now.value = Date.now(); }, 1000);

export function Skeleton({ title, lines = 6 }) {
  return html`<div class="skeleton" aria-busy="true">
    ${title && html`<h1 tabindex="-1">${title}</h1>`}<p class="unseen" role="status">Loading…</p>
    ${Array.from({ length: lines }, (_, index) => html`<div key=${index} class="bone"></div>`)}</div>`;
}

// Nothing is there yet: says why, and what the next step is.
export function Empty({ title, icon = "about", children }) {
  return html`<div class="empty"><${Icon} name=${icon} size="28" /><strong>${title}</strong><div>${children}</div></div>`;
}

export function ErrorNote({ error, retry }) {
  if (!error) return null;
  return html`<div class="note bad" role="alert"><${Icon} name="warning" />
    <div><strong>${error.message}</strong>${error.field ? html` <code>${error.field}</code>` : null}</div>
    ${retry && html`<button onClick=${retry}>Try again</button>`}</div>`;
}

// A page's file that could not be loaded: mostly one of a version that was replaced meanwhile.
export function Broken({ error }) {
  useEffect(() => { console.info("page not loaded:", error); }, [error]);
  return html`<h1 tabindex="-1">This page could not be loaded</h1>
    <p>The program may have been updated since this tab was opened, or it does not answer.</p>
    <button class="primary" onClick=${() => location.reload()}>Load anew</button>`;
}

// `live` of useLive: its data by `children(data)`, or the state in its place.
export function Shown({ live, lines, children }) {
  if (live.data === undefined) {
    return live.error ? html`<${ErrorNote} error=${live.error} retry=${live.refresh} />` : html`<${Skeleton} lines=${lines} />`;
  }
  return html`${live.stale && html`<${Stale} live=${live} />`}${children(live.data)}`;
}

function Stale({ live }) {
  return html`<div class="note warn" role="status"><${Icon} name="warning" />
    <div>Not up to date: ${live.error.message} This is as of <${AsOf} at=${live.at} />.</div>
    <button onClick=${live.refresh}>Try again</button></div>`;
}

// Seconds since it was last known to be true; only this text is drawn again.
export function AsOf({ at }) {
  if (!at.value) return null;
  return html`<span class="as-of" title=${fullTime(at.value)}>${span(Math.max(0, Math.round((now.value - at.value) / 1000)))} ago</span>`;
}

export function Ago({ at }) {
  return html`<time datetime=${at} title=${fullTime(at)}>${ago(at, now.value)}</time>`;
}
