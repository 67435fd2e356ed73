// Candles as the program hands them out, page by page, kept as columns of numbers to draw.
// Numbers are for pixels alone: what is written beside a chart is the program's own text.
import { drawn } from "lib/format.js";

const PRICES = ["open", "high", "low", "close", "volume"];

// -> {time: [seconds], open, high, low, close, volume: [number], derived: {name: [number or null]}, digits, last}
export function barsOf(answer) {
  const bars = { time: answer.start.map((at) => Date.parse(at) / 1000), derived: answer.derived, digits: digitsOf(answer.close) };
  for (const name of PRICES) bars[name] = answer[name].map(drawn);
  bars.last = lastOf(answer);
  return bars;
}

// `older` goes before `bars`; where both have a candle, that of `bars` counts.
export function before(older, bars) {
  const end = bars.time.length ? older.time.findIndex((at) => at >= bars.time[0]) : -1;
  const kept = end < 0 ? older.time.length : end;
  const joined = { ...bars, derived: {}, digits: Math.max(older.digits, bars.digits) };
  for (const name of ["time", ...PRICES]) joined[name] = [...older[name].slice(0, kept), ...bars[name]];
  for (const name of new Set([...Object.keys(older.derived), ...Object.keys(bars.derived)])) {
    joined.derived[name] = [...filled(older, name).slice(0, kept), ...filled(bars, name)];
  }
  return joined;
}

// Whether candles may be missing between `bars` and the `newest`.
export const isGap = (bars, newest) => !(newest.time[0] <= bars.time.at(-1));

// The newest candles again: they replace those of their time, and follow them. An answer that was kept
// may be older than what is there: it says nothing new.
export function renewed(bars, newest) {
  if (newest.time.at(-1) < bars.time.at(-1)) return bars;
  const joined = before(bars.time.length && newest.time.length ? until(bars, newest.time[0]) : bars, newest);
  return { ...joined, last: newest.last ?? bars.last };
}

function until(bars, time) {
  const end = bars.time.findIndex((at) => at >= time);
  if (end < 0) return bars;
  const cut = { ...bars, derived: {} };
  for (const name of ["time", ...PRICES]) cut[name] = bars[name].slice(0, end);
  for (const name of Object.keys(bars.derived)) cut.derived[name] = bars.derived[name].slice(0, end);
  return cut;
}

const filled = (bars, name) => bars.derived[name] ?? new Array(bars.time.length).fill(null);

function lastOf(answer) {
  const end = answer.start.length - 1;
  return end < 0 ? null : Object.fromEntries(["start", ...PRICES].map((name) => [name, answer[name][end]]));
}

const MOST_DIGITS = 8;

function digitsOf(texts) {
  let most = 0;
  for (const text of texts.slice(-200)) most = Math.max(most, (text.split(".")[1] ?? "").length);
  return Math.min(most, MOST_DIGITS);
}
