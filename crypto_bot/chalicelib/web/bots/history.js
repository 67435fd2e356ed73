// What a bot was tried on, and its versions.
import { html } from "vendor/preact.js";
import { Empty } from "components/states.js";
import { Table } from "components/table.js";
import { change, figure } from "bots/figures.js";
import { fullTime, time, tone } from "lib/format.js";
import { href } from "lib/route.js";

export function History({ tests, opened, compared, compare, open }) {
  if (!tests.length) return html`<${Empty} title="It was not tried yet" icon="replay">Choose candles beside the source, and press Run backtest: what comes of it is kept here, with its version.<//>`;
  const toggle = (id) => compare(compared.includes(id) ? compared.filter((each) => each !== id) : [...compared, id]);
  const columns = [
    { name: "Compare", cell: (row) => html`<input type="checkbox" aria-label="Compare the backtest of ${time(row.at)}" checked=${compared.includes(row.id)}
      onClick=${(event) => event.stopPropagation()} onChange=${() => toggle(row.id)} />` },
    { name: "Run", cell: (row) => time(row.at) },
    { name: "Version", cell: (row) => row.version },
    { name: "On", wide: true, cell: (row) => `${row.instruments.join(", ")} ${row.interval}` },
    { name: "Candles", wide: true, cell: (row) => `${row.since.slice(0, 10)} to ${row.until.slice(0, 10)}` },
    { name: "Parameters", wide: true, cell: (row) => Object.entries(row.parameters).map(([name, value]) => `${name} ${value}`).join(", ") },
    ...["total_return", "max_drawdown", "sharpe", "round_trips"].map((name, index) => ({
      name: ["Return", "Drawdown", "Sharpe", "Trades"][index], end: true, wide: index > 1,
      cell: (row) => html`<span class="number ${tone(change(name, row.summary[name]) ?? 0)}">${figure(name, row.summary[name])}</span>` })),
  ];
  return html`<${Table} short label="Backtests" columns=${columns} rows=${tests} rowKey=${(row) => row.id} open=${open} opened=${opened} />`;
}

export function Versions({ name, versions, opened }) {
  const columns = [
    { name: "Version", cell: (row) => html`<a href=${href("/bots", [name], { version: row.version })}>${row.version}</a>` },
    { name: "Saved", cell: (row) => fullTime(row.saved_at) },
    { name: "First run", wide: true, cell: (row) => (row.used_at ? fullTime(row.used_at) : "–") },
    { name: "", cell: (row) => (row.is_locked ? html`<small>was run, and never changes</small>` : html`<small>the next save takes its place</small>`) },
  ];
  return html`<${Table} short label="Versions" columns=${columns} rows=${versions} rowKey=${(row) => row.version} opened=${opened} />`;
}
