// The owner's bots, and those that come with the program to begin from.
import { html, useState } from "vendor/preact.js";
import { Dialog } from "components/dialog.js";
import { Icon } from "components/icons.js";
import { Badge, Card, Field, PageHead } from "components/parts.js";
import { Ago, AsOf, Empty, Shown } from "components/states.js";
import { Table } from "components/table.js";
import { change, figure } from "bots/figures.js";
import { tone } from "lib/format.js";
import { useLive } from "lib/live.js";
import { go, href } from "lib/route.js";
import { mayAct } from "lib/session.js";

const COLUMNS = [
  { name: "Bot", cell: (row) => html`<a href=${href("/bots", [row.name])}>${row.name}</a>` },
  { name: "Version", cell: (row) => html`${row.version}${row.is_locked ? html` <small>locked</small>` : ""}` },
  { name: "Saved", wide: true, cell: (row) => html`<${Ago} at=${row.saved_at} />` },
  { name: "Deployed", cell: (row) => (row.deployments.length
    ? row.deployments.map((each) => html`<a key=${each.name} href=${href("/deployments", [each.name])}>${each.name} <${Badge} of=${each.state} /></a> `)
    : html`<span class="muted">not yet</span>`) },
  { name: "Last backtest", end: true, cell: (row) => tested(row, "total_return") },
  { name: "Drawdown", end: true, wide: true, cell: (row) => tested(row, "max_drawdown") },
  { name: "Sharpe", end: true, wide: true, cell: (row) => tested(row, "sharpe") },
];

function tested(row, name) {
  const value = row.last_test?.summary[name];
  if (value === undefined) return html`<span class="muted">–</span>`;
  return html`<span class="number ${tone(change(name, value) ?? 0)}">${figure(name, value)}</span>`;
}

function Page({ query }) {
  const live = useLive("/bots");
  const [from, setFrom] = useState(query.new ? "" : null);
  return html`<${PageHead} title="Bots" at=${html`<${AsOf} at=${live.at} />`}>
      ${mayAct.value && html`<button class="primary" onClick=${() => setFrom("")}><${Icon} name="plus" size="16" /> New bot</button>`}<//>
    <${Shown} live=${live}>${(data) => html`
      ${data.bots.length
        ? html`<${Table} label="Bots" columns=${COLUMNS} rows=${data.bots} rowKey=${(row) => row.name} open=${(row) => go("/bots", [row.name])} />`
        : html`<${Card} wide><${Empty} title="There is no bot of yours yet" icon="bots">A bot is a class in Python that is shown each closed candle.
            Begin with a new one, which runs as it is, or with a copy of one below.<//><//>`}
      <h2>Ready-made</h2>
      <div class="ready">${data.ready_made.map((each) => html`<${Ready} key=${each.name} bot=${each} copy=${() => setFrom(each.name)} />`)}</div>`}<//>
    ${from !== null && html`<${NewDialog} from=${from} known=${live.data?.bots ?? []} close=${() => setFrom(null)} />`}`;
}

function Ready({ bot, copy }) {
  const [first, ...more] = bot.told.split("\n\n");
  return html`<article class="card"><header><h3>${bot.name}</h3><small>${bot.interval}</small>
      <div class="acts"><a class="button small" href=${href("/bots", [bot.name], { view: "ready" })}>Read</a>
        ${mayAct.value && html`<button class="small" onClick=${copy}>Copy</button>`}</div></header>
    <p>${coded(first)}</p>${more.map((text) => html`<p key=${text} class="muted">${coded(text)}</p>`)}</article>`;
}

// `words` of the source in their own type
const coded = (text) => text.split("`").map((part, index) => (index % 2 ? html`<code>${part}</code>` : part));

function NewDialog({ from, known, close }) {
  const [name, setName] = useState(from ? `my-${from}` : "my-bot");
  const taken = known.some((each) => each.name === name);
  function begin(event) {
    event.preventDefault();
    close();
    go("/bots", [name], { from: from || "template" });
  }
  return html`<${Dialog} title=${from ? `A copy of ${from}` : "New bot"} close=${close}>
    <form class="deploying" onSubmit=${begin}>
      <${Field} label="Name" value=${name} onInput=${(event) => setName(event.target.value)} required pattern="[A-Za-z0-9][A-Za-z0-9._\\-]{0,39}"
        hint="up to 40 letters, digits and . _ -" error=${taken ? `There is a bot ${name} already.` : undefined} />
      <p class="muted">Nothing is stored before you save it.</p>
      <footer><button type="button" onClick=${close}>Cancel</button><button class="primary" disabled=${taken}>Write it</button></footer></form><//>`;
}

export const page = { Page };
