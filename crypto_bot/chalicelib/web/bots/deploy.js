// The questions before a bot is let loose: under which name, for which strategy, on which account.
import { html, useEffect, useState } from "vendor/preact.js";
import { confirmAct } from "components/confirm.js";
import { Dialog } from "components/dialog.js";
import { Field, Mode } from "components/parts.js";
import { ErrorNote, Shown } from "components/states.js";
import { Parameters, chosenOf } from "bots/trial_form.js";
import { percent } from "lib/format.js";
import { useLive } from "lib/live.js";
import { go } from "lib/route.js";

const NEW = "";
const PAPER = "virtual";

export function DeployDialog({ name, version, outline, close }) {
  const live = useLive("/deployment_choices", { every: 0 });
  return html`<${Dialog} title="Deploy ${name} ${version ?? ""}" close=${close}>
    <${Shown} live=${live} lines=${4}>${(choices) => html`<${Form} ...${{ name, version, outline, close, choices }} />`}<//><//>`;
}

function Form({ name, version, outline, close, choices }) {
  const paper = choices.accounts.find((each) => each.mode === PAPER) ?? choices.accounts[0];
  const [given, setGiven] = useState({
    name, strategy: NEW, account: paper?.name ?? "", weight: usualWeight(paper), interval: outline.interval || "1h",
    instruments: outline.instruments.join(", "), cash: "10000", parameters: {},
  });
  const [error, setError] = useState(null);
  const set = (field) => (event) => setGiven({ ...given, [field]: event.target.value });
  useEffect(() => {
    const account = choices.accounts.find((each) => each.name === given.account);
    if (account) setGiven((old) => ({ ...old, weight: usualWeight(account) }));
  }, [given.account]);

  const isNew = given.strategy === NEW;
  const chosen = choices.strategies.find((each) => each.name === given.strategy);
  const followers = isNew ? choices.accounts.filter((each) => each.name === given.account) : followersOf(chosen, choices);

  function ask(event) {
    event.preventDefault();
    const instruments = given.instruments.split(",").map((symbol) => symbol.trim().toUpperCase()).filter(Boolean);
    if (!instruments.length) { setError({ message: "Name at least one instrument, such as BTC/USDT.", field: "instruments" }); return; }
    const body = {
      name: given.name, bot: name, version: version ?? "", strategy: isNew ? given.name : given.strategy, instruments,
      interval: given.interval, cash: given.cash, parameters: chosenOf(outline.parameters, given.parameters),
      ...(isNew ? { account: given.account, weight: given.weight } : {}),
    };
    const isLive = followers.some((each) => each.mode === "live");
    confirmAct({
      title: `Deploy ${name}`, verb: isLive ? "Deploy with real money" : "Deploy", path: "/deployments", body, danger: isLive,
      tell: Told, back: ({ digest }) => ({ digest }), done: () => { close(); go("/deployments", [given.name]); },
    });
  }
  return html`<form class="deploying" onSubmit=${ask}>
    <${Field} label="Name of the deployment" value=${given.name} onInput=${set("name")} required pattern="[A-Za-z0-9][A-Za-z0-9._\\-]{0,39}" />
    <${Field} label="Speaks for" hint="Its wishes are signals of a strategy, which accounts follow.">${(input) => html`<select ...${input} value=${given.strategy} onChange=${set("strategy")}>
      <option value="">a new strategy of the same name</option>
      ${choices.strategies.map((each) => html`<option key=${each.name} value=${each.name}>${each.name} (${each.symbols.join(", ")})</option>`)}</select>`}<//>
    ${isNew && html`<div class="pair">
      <${Field} label="Account">${(input) => html`<select ...${input} value=${given.account} onChange=${set("account")}>
        ${choices.accounts.map((each) => html`<option key=${each.name} value=${each.name}>${each.name}, ${each.mode === PAPER ? "paper" : each.mode}</option>`)}</select>`}<//>
      <${Field} label="Share of it" hint=${free(choices, given.account)} inputmode="decimal" value=${given.weight} onInput=${set("weight")} /></div>`}
    <p class="followers">Traded by ${followers.length ? followers.map((each) => html`<span key=${each.name}>${each.name} <${Mode} of=${each.mode} /> </span>`)
      : html`<strong class="bad">no account: nothing would be ordered</strong>`}</p>
    <div class="pair">
      <${Field} label="Instruments" value=${given.instruments} onInput=${set("instruments")} error=${error?.field === "instruments" ? error.message : undefined} />
      <${Field} label="Interval" value=${given.interval} onInput=${set("interval")} /></div>
    <${Field} label="Cash it reckons with" hint="in quote; what accounts make of its wishes depends on their own" inputmode="decimal" value=${given.cash} onInput=${set("cash")} />
    <${Parameters} of=${outline.parameters} given=${given.parameters} change=${(parameters) => setGiven({ ...given, parameters })} />
    ${!choices.accounts.length && html`<${ErrorNote} error=${{ message: "There is no account yet: add one on the page Accounts." }} />`}
    <footer><button type="button" onClick=${close}>Cancel</button><button class="primary">Next</button></footer></form>`;
}

const usualWeight = (account) => (account ? String(Math.min(0.1, Math.floor(Number(account.free_share) * 100) / 100)) : "0.1");

function free(choices, name) {
  const account = choices.accounts.find((each) => each.name === name);
  return account ? `${percent(account.free_share, 0)} of it is free` : "";
}

function followersOf(strategy, choices) {
  const names = (strategy?.followers ?? []).map((each) => each.account);
  return choices.accounts.filter((each) => names.includes(each.name));
}

function Told({ would, checks }) {
  return html`<p>${would}</p><ul>${checks.map((check) => html`<li key=${check.symbol}>${check.candles
    ? `${check.symbol}: does the same however it is run, on ${check.candles} candles of ${check.venue}, with ${check.orders} orders.`
    : `${check.symbol}: not checked.`} ${check.unchecked.join(" ")}</li>`)}</ul>`;
}
