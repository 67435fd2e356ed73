// Bots on live candles: what each runs on, what it has gained by its own reckoning, and who trades it.
import { html } from "vendor/preact.js";
import { Badge, Card, Mode, PageHead } from "components/parts.js";
import { Ago, AsOf, Empty, Shown } from "components/states.js";
import { Table } from "components/table.js";
import { percent, tone } from "lib/format.js";
import { useLive } from "lib/live.js";
import { go, href } from "lib/route.js";

const COLUMNS = [
  { name: "Deployment", cell: (row) => html`<a href=${href("/deployments", [row.name])}>${row.name}</a>` },
  { name: "State", cell: (row) => html`<${Badge} of=${stateOf(row)} />` },
  { name: "Bot", wide: true, cell: (row) => html`<a href=${href("/bots", [row.bot], row.version ? {} : { view: "ready" })}>${row.bot} ${row.version ?? ""}</a>` },
  { name: "On", wide: true, cell: (row) => `${row.instruments.join(", ")} ${row.interval}` },
  { name: "Traded by", cell: (row) => (row.followers.length
    ? row.followers.map((each) => html`<span key=${each.account}>${each.account} <${Mode} of=${each.mode} /> </span>`) : html`<span class="bad">nobody</span>`) },
  { name: "Last signal", wide: true, cell: (row) => (row.last_signal ? html`${row.last_signal.state} ${row.last_signal.symbol} <${Ago} at=${row.last_signal.at} />` : "–") },
  { name: "Gain", end: true, cell: (row) => html`${whole(row).map((each) => html`<span key=${each.symbol} class="number ${tone(each.gain ?? 0)}"> ${gained(each.gain)}</span>`)}` },
];

// A deployment that runs may rest on one of its instruments.
export const stateOf = (row) => (row.state === "running" && Object.keys(row.resting).length ? "partly stopped" : row.state);
// Of a bot that trades its instruments together, each standing tells the gain of all of them.
const whole = (row) => (row.together ? row.standing.slice(0, 1) : row.standing);
export const gained = (gain) => (gain === null ? "–" : percent(gain.toFixed(6)));

function Page() {
  const live = useLive("/deployments");
  return html`<${PageHead} title="Deployments" at=${html`<${AsOf} at=${live.at} />`} />
    <${Shown} live=${live}>${(data) => (data.deployments.length
      ? html`<${Table} label="Deployments" columns=${COLUMNS} rows=${data.deployments} rowKey=${(row) => row.name} open=${(row) => go("/deployments", [row.name])} />
        <p class="muted">They run in <code>crypto-bot worker bots</code>, or in <code>crypto-bot run --market</code> with their markets. The gain is each bot's own reckoning, as if every order had been filled at the close.</p>`
      : html`<${Card} wide><${Empty} title="No bot is deployed yet" icon="deployments">Open one of your <a href=${href("/bots")}>bots</a>, try it on the past, and press Deploy.<//><//>`)}<//>`;
}

export const page = { Page };
