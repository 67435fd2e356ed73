// The books of one account, newest first: every entry's legs add up to zero.
import { html, useState } from "vendor/preact.js";
import { Badge, Card } from "components/parts.js";
import { Ago, Empty, ErrorNote, Shown } from "components/states.js";
import { Table } from "components/table.js";
import { amount } from "lib/format.js";
import { useGrowing } from "lib/growing.js";

const COLUMNS = [
  { name: "At", cell: (entry) => html`<${Ago} at=${entry.at} />` },
  { name: "Entry", cell: (entry) => html`<${Badge} of=${entry.kind} tone="plain" />` },
  { name: "Legs", cell: (entry) => html`<${Legs} of=${entry.postings} />` },
  { name: "No.", end: true, wide: true, cell: (entry) => entry.sequence },
];

function Legs({ of }) {
  const text = of.map((leg) => `${leg.account} ${amount(leg.amount)} ${leg.asset}`).join(" · ");
  return html`<span class="mono" title=${text}>${text}</span>`;
}

export function Ledger({ account }) {
  const [open, setOpen] = useState(false);
  return html`<${Card} title="Ledger" acts=${html`<button class="small" aria-expanded=${open ? "true" : "false"} onClick=${() => setOpen(!open)}>${open ? "Hide" : "Show"}</button>`}>
    ${open ? html`<${Entries} account=${account} />` : html`<p class="muted">Every fill, fee and transfer as a balanced entry.</p>`}<//>`;
}

function Entries({ account }) {
  const live = useGrowing(`/ledger/${encodeURIComponent(account)}`, "entries", { query: { limit: 100 }, id: (entry) => entry.id });
  return html`<${Shown} live=${live} lines=${5}>${() => (live.rows.length
    ? html`<${Table} label="Ledger" columns=${COLUMNS} rows=${live.rows} rowKey=${(entry) => entry.id} nearEnd=${live.load}
        foot=${live.loadError && html`<${ErrorNote} error=${live.loadError} retry=${live.load} />`} />`
    : html`<${Empty} title="The books are empty" icon="logs">They begin with the account's first tick.<//>`)}<//>`;
}
