// Columns of the time series, such as macd_12_26_9_signal -> indicators with a name for people.

const TITLES = {
  sma: "SMA", ema: "EMA", wma: "WMA", rma: "RMA", vwap: "VWAP", psar: "Parabolic SAR", supertrend: "Supertrend",
  ichimoku: "Ichimoku", bollinger: "Bollinger", keltner: "Keltner", donchian: "Donchian", rsi: "RSI", macd: "MACD",
  stochastic: "Stochastic", roc: "Rate of change", stddev: "Standard deviation", atr: "ATR", adx: "ADX", obv: "OBV", return: "Return",
};
// Drawn over the candles, since they are prices; all others have a pane of their own.
const PRICES = new Set(["sma", "ema", "wma", "rma", "vwap", "psar", "supertrend", "ichimoku", "bollinger", "keltner", "donchian"]);
const BARS = new Set(["histogram", "return"]);
// What says nothing as a line: a direction is 1 or -1.
const LEFT_OUT = new Set(["direction", "is_up", "trend"]);
const COLUMN = /^([a-z]+)((?:_\d+(?:p\d+)?)*)(?:_(\w+))?$/;

// -> [{key, title, overPrice, columns: [{name, part, bars}]}], in the order of the columns
export function indicatorsOf(columns) {
  const found = new Map();
  for (const name of columns) {
    const [, kind, numbers, part = ""] = COLUMN.exec(name) ?? [null, name, "", ""];
    if (LEFT_OUT.has(part)) continue;
    const key = `${kind}${numbers}`;
    if (!found.has(key)) found.set(key, { key, title: titled(kind, numbers), overPrice: PRICES.has(kind), columns: [] });
    found.get(key).columns.push({ name, part, bars: BARS.has(part || kind) });
  }
  return [...found.values()];
}

function titled(kind, numbers) {
  const parameters = numbers.split("_").filter(Boolean).map((text) => text.replace("p", "."));
  return [TITLES[kind] ?? kind, parameters.join(", ")].filter(Boolean).join(" ");
}
