// What was sent to the venues and what they made of it, with every fill.
import { html } from "vendor/preact.js";
import { Icon } from "components/icons.js";
import { OrderDetails } from "components/order-details.js";
import { Badge, PageHead } from "components/parts.js";
import { Ago, AsOf, Empty, ErrorNote, Shown } from "components/states.js";
import { Table } from "components/table.js";
import { toast } from "components/toast.js";
import { download } from "lib/api.js";
import { amount, words } from "lib/format.js";
import { useGrowing } from "lib/growing.js";
import { useLive } from "lib/live.js";
import { setQuery } from "lib/route.js";

const AT_ONCE = 200;
const SAVED_AT_ONCE = 500;
const STATUSES = ["INITIALIZED", "DENIED", "SUBMITTED", "ACCEPTED", "PARTIALLY_FILLED", "FILLED", "CANCELED", "REJECTED", "EXPIRED", "HELD"];

const COLUMNS = [
  { name: "Created", cell: (row) => html`<${Ago} at=${row.created_at} />` },
  { name: "Account", wide: true, cell: (row) => row.intent.account },
  { name: "Order", cell: (row) => html`<${Badge} of=${row.intent.side} /> ${row.intent.symbol}` },
  { name: "Quantity", end: true, cell: (row) => amount(row.intent.quantity) },
  { name: "Limit", end: true, wide: true, cell: (row) => amount(row.intent.limit_price) },
  { name: "Filled", end: true, wide: true, cell: (row) => amount(row.filled) },
  { name: "Status", cell: (row) => html`<${Badge} of=${row.status} />` },
  { name: "For", wide: true, cell: (row) => row.intent.shares.map((share) => share.strategy).join(", ") },
  { name: "Why", wide: true, cell: (row) => html`<span title=${row.reason}>${row.reason || row.intent.because}</span>` },
];

function Page({ query }) {
  const asked = Object.fromEntries(["account", "strategy", "status", "symbol"].map((name) => [name, query[name]]).filter(([, value]) => value));
  const live = useGrowing("/orders", "orders", { query: { limit: AT_ONCE, ...asked }, id: (row) => row.intent.id });
  const filtered = Object.keys(asked).length > 0;
  async function save() {
    try {
      await download("/orders", "orders.csv", { query: { ...asked, format: "csv", limit: SAVED_AT_ONCE } });
    } catch (error) {
      toast(error.message, "bad");
    }
  }
  return html`<${PageHead} title="Orders" at=${html`<${AsOf} at=${live.at} />`}>
      <button onClick=${save} title="All that fit, as a file"><${Icon} name="download" size="16" /> CSV</button><//>
    <${Filters} query=${asked} count=${live.rows.length} more=${live.more} />
    <${Shown} live=${live} lines=${12}>${() => (live.rows.length || live.more
      ? html`<${Table} label="Orders" columns=${COLUMNS} rows=${live.rows} rowKey=${(row) => row.intent.id} opened=${query.open}
          open=${(row) => setQuery({ open: row.intent.id })} nearEnd=${live.load}
          foot=${live.loadError && html`<${ErrorNote} error=${live.loadError} retry=${live.load} />`} />`
      : filtered ? html`<${Empty} title="No order fits" icon="search"><button onClick=${() => setQuery({ account: undefined, strategy: undefined, status: undefined, symbol: undefined })}>Show all</button><//>`
        : html`<${Empty} title="Nothing has been sent yet" icon="orders">An alert that asks for a change becomes an order with the next tick.<//>`)}<//>
    ${query.open && html`<${OrderDetails} key=${query.open} id=${query.open} close=${() => setQuery({ open: undefined })} />`}`;
}

function Filters({ query, count, more }) {
  const overview = useLive("/overview");
  const accounts = (overview.data?.accounts ?? []).map((one) => one.account);
  const strategies = (useLive("/strategies", { every: 0 }).data?.strategies ?? []).map((one) => one.name);
  const choose = (name) => (event) => setQuery({ [name]: event.target.value || undefined });
  const select = (name, label, all, values, shown = (value) => value) => html`<select aria-label=${label} value=${query[name] ?? ""} onChange=${choose(name)}>
    <option value="">${all}</option>${values.map((value) => html`<option key=${value} value=${value}>${shown(value)}</option>`)}</select>`;
  return html`<div class="bar" role="search">
    ${select("account", "Account", "All accounts", accounts)}
    ${select("strategy", "Strategy", "All strategies", strategies)}
    ${select("status", "Status", "All states", STATUSES, words)}
    <span class="count" role="status">${count}${more ? "+" : ""} ${count === 1 ? "order" : "orders"}</span></div>`;
}

export const page = { Page };
