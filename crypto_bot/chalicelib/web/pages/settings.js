// Settings: what the program runs with, and the channels over which its owner is told.
import { html, useState } from "vendor/preact.js";
import { ChannelForm } from "components/channel-form.js";
import { confirmAct } from "components/confirm.js";
import { Icon } from "components/icons.js";
import { Badge, Card, Facts, PageHead } from "components/parts.js";
import { Ago, AsOf, Empty, Shown } from "components/states.js";
import { Table } from "components/table.js";
import { useLive } from "lib/live.js";
import { mayAct } from "lib/session.js";

function Page() {
  const settings = useLive("/settings", { every: 60000 });
  const channels = useLive("/notifications", { every: 15000 });
  const [edited, setEdited] = useState(null);
  const acts = mayAct.value && channels.data && html`<button onClick=${() => setEdited({})}><${Icon} name="plus" size="16" /> Add channel</button>`;
  return html`<${PageHead} title="Settings" at=${html`<${AsOf} at=${settings.at} />`} />
    <${Card} wide title="Notifications" acts=${acts}><${Shown} live=${channels}>${(data) => html`<${Channels} data=${data} edit=${setEdited} />`}<//><//>
    ${edited && html`<${ChannelForm} known=${channels.data.kinds} refusal=${channels.data.keys_refusal} channel=${edited.name ? edited : null} close=${() => setEdited(null)} />`}
    <${Shown} live=${settings}>${(data) => html`<div class="cards">${grouped(data.settings).map(([group, rows]) => html`
      <${Card} key=${group} title=${group}><${Facts} of=${rows.map((row) => [html`${row.name}<small class="settings-variable">${row.variable}</small>`, row.value])} /><//>`)}</div>
      <p class="muted">Settings are variables of the environment, read when the program starts. What is not shown here is as it comes.</p>`}<//>`;
}

function grouped(rows) {
  const groups = new Map();
  for (const row of rows.filter((one) => one.value)) groups.set(row.group, [...(groups.get(row.group) ?? []), row]);
  return [...groups];
}

const path = (channel, act) => `/notifications/${encodeURIComponent(channel.name)}/${act}`;
const test = (channel) => confirmAct({ title: `Test ${channel.name}`, verb: "Send", path: path(channel, "test") });
const remove = (channel) => confirmAct({ title: `Remove channel ${channel.name}`, verb: "Remove", danger: true, path: path(channel, "remove") });

const columns = (edit) => [
  { name: "Channel", cell: (row) => html`<strong>${row.name}</strong> <span class="muted">${row.kind}</span>${row.trouble && html`<small class="narrow-only bad">failed</small>`}` },
  { name: "Where", wide: true, cell: (row) => html`${row.where || row.secret || row.topic} ${row.keys.presence !== "not needed" && html`<span class="muted">${row.keys.presence === "present" ? `has ${row.keys.fields.join(", ")}` : html`secret <${Badge} of=${row.keys.presence} />`}</span>`}` },
  { name: "From", wide: true, cell: (row) => (row.least === "P1" ? "P1: money at stake" : "P2: all") },
  { name: "State", wide: true, cell: (row) => (row.trouble ? html`<span title=${row.trouble}><${Badge} of="failed" /></span>` : row.sent_last ? html`<${Badge} of="ok" /> <${Ago} at=${row.sent_last} />` : html`<span class="muted">nothing sent lately</span>`) },
  { name: "Acts", end: true, cell: (row) => mayAct.value && html`<span class="settings-acts"><button class="small" aria-label="Test ${row.name}" onClick=${() => test(row)}>Test</button>
    <button class="small" aria-label="Change ${row.name}" onClick=${() => edit(row)}>Change</button>
    <button class="small quiet danger-text" aria-label="Remove ${row.name}" onClick=${() => remove(row)}>Remove</button></span>` },
];

function Channels({ data, edit }) {
  if (!data.channels.length) {
    return html`<${Empty} title="Nobody is told yet" icon="send">Notices are kept, and shown under Logs. To be told by Telegram, Discord, Slack, SNS or a webhook, add a channel.<//>`;
  }
  const summary = data.summary_hour === null ? "No daily summary." : `The day is summed up at ${String(data.summary_hour).padStart(2, "0")}:00 UTC.`;
  return html`<${Table} short label="Channels" columns=${columns(edit)} rows=${data.channels} rowKey=${(row) => row.name}
    foot=${html`<p class="table-foot">At most ${data.most_per_hour} messages an hour over each. ${summary}</p>`} />`;
}

export const page = { Page };
