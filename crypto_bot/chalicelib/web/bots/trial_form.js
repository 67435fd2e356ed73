// On what a bot is tried: candles, account, parameters. What is left empty, the bot or the program says.
import { html, useMemo } from "vendor/preact.js";
import { Field } from "components/parts.js";

const INTERVALS = ["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "1w"];
const RANGES = [["", "All there is"], ["7", "Last 7 days"], ["30", "Last 30 days"], ["90", "Last 3 months"], ["365", "Last year"], ["own", "From … to …"]];
const DAY = 86400000;

export const emptyTrial = { instrument: "", interval: "", range: "", since: "", until: "", cash: "10000", fee: "0.001", slippage: "0", parameters: {} };

// trial: see above; outline: what the bot declares; series: of /candle_series
export function TrialForm({ trial, change, outline, series, error }) {
  const set = (name) => (event) => change({ ...trial, [name]: event.target.value });
  const wrong = (field) => (error?.field === field ? error.message : undefined);
  const interval = trial.interval || outline.interval || "1h";
  const symbols = useMemo(() => symbolsOf(series, outline, interval), [series, outline, interval]);
  const kept = series.find((each) => each.symbol === (trial.instrument || symbols[0]) && each.interval === interval);
  return html`<div class="trial">
    ${outline.together
      ? html`<p class="muted">A portfolio of ${outline.instruments.join(", ") || "instruments to be named"}.</p>`
      : html`<${Field} label="Instrument">${(given) => html`<select ...${given} value=${trial.instrument || symbols[0] || ""} onChange=${set("instrument")}>
          ${symbols.map((symbol) => html`<option key=${symbol} value=${symbol}>${symbol}</option>`)}</select>`}<//>`}
    <div class="pair">
      <${Field} label="Interval">${(given) => html`<select ...${given} value=${interval} onChange=${set("interval")}>
        ${INTERVALS.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}</select>`}<//>
      <${Field} label="Range">${(given) => html`<select ...${given} value=${trial.range} onChange=${set("range")}>
        ${RANGES.map(([value, name]) => html`<option key=${value} value=${value}>${name}</option>`)}</select>`}<//>
    </div>
    ${trial.range === "own" && html`<div class="pair">
      <${Field} label="From (UTC)" type="date" value=${trial.since} onInput=${set("since")} error=${wrong("since")} />
      <${Field} label="To, not included" type="date" value=${trial.until} onInput=${set("until")} error=${wrong("until")} /></div>`}
    ${kept ? html`<small class="muted">Candles of ${kept.venue} from ${kept.first.slice(0, 10)} to ${kept.last.slice(0, 10)}.</small>`
      : html`<small class="bad">There are no such candles yet: <code>crypto-bot candles download binance ${trial.instrument || symbols[0] || "BTC/USDT"} --interval ${interval}</code></small>`}
    <div class="pair">
      <${Field} label="Cash" inputmode="decimal" value=${trial.cash} onInput=${set("cash")} error=${wrong("cash")} />
      <${Field} label="Fee" hint="0.001 is 0.1 %" inputmode="decimal" value=${trial.fee} onInput=${set("fee")} error=${wrong("fee")} />
    </div>
    <${Field} label="Slippage" hint="hundredths of a percent" inputmode="decimal" value=${trial.slippage} onInput=${set("slippage")} error=${wrong("slippage")} />
    <${Parameters} of=${outline.parameters} given=${trial.parameters} change=${(parameters) => change({ ...trial, parameters })} /></div>`;
}

// of: [{name, default, low, high, step, is_whole}]
export function Parameters({ of, given, change }) {
  if (!of.length) return null;
  return html`<fieldset class="parameters"><legend>Parameters</legend>${of.map((each) => html`
    <${Field} key=${each.name} label=${each.name} hint="${each.low} to ${each.high}" type="number" min=${each.low} max=${each.high}
      step=${each.step ?? (each.is_whole ? 1 : "any")} value=${given[each.name] ?? each.default}
      onInput=${(event) => change({ ...given, [each.name]: event.target.value })} />`)}</fieldset>`;
}

// Numbers that differ from what the bot says by itself.
export function chosenOf(parameters, given) {
  const chosen = {};
  for (const { name, default: usual } of parameters) {
    const text = given[name];
    if (text !== undefined && text !== "" && Number(text) !== usual) chosen[name] = Number(text);
  }
  return chosen;
}

// What POST /bots/{name}/backtests takes.
export function askedOf(trial, outline, series) {
  const interval = trial.interval || outline.interval || "1h";
  const symbols = symbolsOf(series, outline, interval);
  const instruments = outline.together ? outline.instruments : [trial.instrument || symbols[0]].filter(Boolean);
  const asked = { interval, instruments, cash: trial.cash, fee: trial.fee, slippage: trial.slippage, parameters: chosenOf(outline.parameters, trial.parameters) };
  const kept = series.filter((each) => each.symbol === instruments[0] && each.interval === interval);
  if (kept.length > 1) asked.venue = kept[0].venue;
  if (trial.range === "own") {
    if (trial.since) asked.since = `${trial.since}T00:00:00Z`;
    if (trial.until) asked.until = `${trial.until}T00:00:00Z`;
  } else if (trial.range && kept.length) {
    asked.since = new Date(Date.parse(kept[0].last) - Number(trial.range) * DAY).toISOString();
  }
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== ""));
}

// The bot's own first, then those that there are candles of.
function symbolsOf(series, outline, interval) {
  const kept = series.filter((each) => each.interval === interval).map((each) => each.symbol);
  return [...new Set([...outline.instruments.filter((symbol) => kept.includes(symbol)), ...kept, ...outline.instruments])];
}
