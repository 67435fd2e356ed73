// Versions of the configuration: who changed what and when, and the way back to one.
import { html, useEffect } from "vendor/preact.js";
import { confirmAct } from "components/confirm.js";
import { Badge, Card } from "components/parts.js";
import { Ago, ErrorNote, Shown } from "components/states.js";
import { useGrowing } from "lib/growing.js";
import { mayAct } from "lib/session.js";

const PAGE = 30;

// `tag` is that of the configuration which is shown: one that changed since is not overwritten.
export function Versions({ tag }) {
  const list = useGrowing("/configuration/versions", "versions", { query: { limit: PAGE }, id: (row) => row.version, every: 0 });
  useEffect(() => { list.refresh(); }, [tag]);  // there is no other reason for a new one
  const newest = list.rows[0]?.version;
  return html`<${Card} title="Versions"><${Shown} live=${list} lines=${4}>${() => (list.rows.length
    ? html`<ul class="plain">${list.rows.map((row) => html`<${Version} key=${row.version} row=${row} isNewest=${row.version === newest} tag=${tag} />`)}</ul>`
    : html`<p class="muted">Each change of strategies, weights and limits becomes a version here, and one can go back to it.</p>`)}<//>
    <${ErrorNote} error=${list.loadError} retry=${list.load} />
    ${list.more && html`<p class="acts"><button class="small" onClick=${list.load}>Show older</button></p>`}<//>`;
}

function Version({ row, isNewest, tag }) {
  return html`<li><details><summary>Version ${row.version} <small>${told(row)}${row.by && `, by ${row.by}`}${row.at && html`, <${Ago} at=${row.at} />`}</small></summary>
      ${row.changes.length > 0 && html`<ul class="changes">${row.changes.map((one) => html`<li key=${one.key}><code>${one.key}</code> ${one.before || "(new)"} → ${one.after || "(gone)"}</li>`)}</ul>`}</details>
    <div class="acts">${isNewest ? html`<${Badge} of="in force" tone="good" />`
      : mayAct.value && html`<button class="small" aria-label=${`Go back to version ${row.version}`} onClick=${() => goBack(row.version, tag)}>Go back</button>`}</div></li>`;
}

function told({ changes, is_known: isKnown }) {
  if (!isKnown) return "what it changed was not kept";
  return `${changes.length} ${changes.length === 1 ? "change" : "changes"}`;
}

function goBack(version, tag) {
  confirmAct({ title: `Go back to version ${version}`, verb: "Go back", path: `/configuration/versions/${version}/return`, headers: { "If-Match": tag },
    note: "A new version with what that one had. Tokens stay valid, what is paused stays paused, and strategies and accounts that came later stay." });
}
