// One channel to the owner, added or changed. What opens it lives in this window alone, and is gone with it.
import { html, useState } from "vendor/preact.js";
import { confirmAct } from "components/confirm.js";
import { Dialog } from "components/dialog.js";
import { Field } from "components/parts.js";

const NAME = "[A-Za-z0-9][A-Za-z0-9._\\-]{0,63}";
const WORDS = { telegram: "Telegram", discord: "Discord", slack: "Slack", webhook: "a webhook of your own", sns: "Amazon SNS" };
const HINTS = {
  token: "Of the bot that @BotFather made.",
  chat: "The number of the chat.",
  url: "The webhook's address: https:// and a public host, or http:// to this machine.",
  authorization: "The header of that name; empty: none.",
};
const PROMPT = { autocomplete: "off", spellcheck: false, type: "password" };

const toldOf = ({ would, shared_with: others }) => html`<ul><li>${would}</li>${others?.length > 0 && html`<li>The channels ${others.join(", ")} open with it, too.</li>`}</ul>`;

// `known`: the fields of each kind; `channel`: the one to be changed, whose kind stays; `refusal`: why none are taken.
export function ChannelForm({ known, channel, refusal, close }) {
  const [form, setForm] = useState({ name: channel?.name ?? "", kind: channel?.kind ?? "telegram", least: channel?.least ?? "P2", topic: channel?.topic ?? "" });
  const [fields, setFields] = useState({});
  const { needs, takes } = refusal ? { needs: [], takes: [] } : known[form.kind];
  const set = (name) => (event) => setForm({ ...form, [name]: event.target.value });
  const given = Object.fromEntries([...needs, ...takes].filter((name) => fields[name]).map((name) => [name, fields[name]]));
  const isHanded = Object.keys(given).length > 0;
  function next(event) {
    event.preventDefault();
    const body = { name: form.name, kind: form.kind, least: form.least };
    if (form.kind === "sns" && form.topic) body.topic = form.topic;
    if (isHanded) body.fields = given;
    confirmAct({ title: `${channel ? "Change" : "Add"} channel ${form.name}`, verb: channel ? "Change" : "Add", path: "/notifications", body, tell: toldOf, done: close });
  }
  const isNeeded = (name) => needs.includes(name) && (!channel || isHanded);
  return html`<${Dialog} title=${channel ? `Channel ${channel.name}` : "Add a channel"} close=${close}
      foot=${html`<button onClick=${close}>Cancel</button><button class="primary" form="channel">Next</button>`}>
    ${refusal && form.kind !== "sns" && html`<p>${refusal}</p>`}
    ${needs.length > 0 && html`<p>What opens it goes straight to where the bot reads it. Nothing shows it again.${channel && " Leave it empty to keep what is there."}</p>`}
    <form id="channel" class="fields" autocomplete="off" onSubmit=${next}>
      ${!channel && html`<${Field} label="Name" required pattern=${NAME} value=${form.name} onInput=${set("name")} hint="Letters, digits, dots, dashes." />
        <${Field} label="Over">${(input) => html`<select ...${input} value=${form.kind} onChange=${set("kind")}>
          ${Object.keys(known).map((kind) => html`<option key=${kind} value=${kind}>${WORDS[kind] ?? kind}</option>`)}</select>`}<//>`}
      ${[...needs, ...takes].map((name) => html`<${Field} key=${name} label=${name} name=${name} required=${isNeeded(name)} hint=${HINTS[name]} ...${PROMPT}
        value=${fields[name] ?? ""} onInput=${(event) => setFields({ ...fields, [name]: event.target.value })} />`)}
      ${form.kind === "sns" && html`<${Field} label="Topic" value=${form.topic} onInput=${set("topic")} hint="Its ARN; empty: that of the stage's alarms." />`}
      <${Field} label="Tell">${(input) => html`<select ...${input} value=${form.least} onChange=${set("least")}>
        <option value="P2">all of it (P2)</option><option value="P1">only money at stake (P1)</option></select>`}<//>
    </form><//>`;
}
