// A backtest's figures by name, and how each is written.
import { money, percent } from "lib/format.js";

const SHARES = new Set(["total_return", "cagr", "volatility", "max_drawdown", "exposure", "win_rate", "best", "worst", "fees_of_profits", "buy_and_hold", "alpha"]);
const WHOLE = new Set(["round_trips"]);

export const NAMES = {
  total_return: "Return", buy_and_hold: "Buy and hold", max_drawdown: "Deepest drawdown", sharpe: "Sharpe", round_trips: "Trades", win_rate: "Trades won",
  profit_factor: "Profit factor", fees: "Fees", cagr: "Return a year", volatility: "Volatility a year", sortino: "Sortino", calmar: "Calmar",
  max_drawdown_days: "Longest drawdown, days", exposure: "Time invested", payoff: "Mean win to mean loss", expectancy: "Mean profit of a trade", sqn: "SQN",
  best: "Best trade", worst: "Worst trade", hold_hours: "Mean hours held", turnover: "Turnover", fees_of_profits: "Fees of profits", beta: "Beta", alpha: "Alpha a year", days: "Days",
};
export const FIRST = ["total_return", "buy_and_hold", "max_drawdown", "sharpe", "round_trips", "win_rate", "profit_factor", "fees"];
export const COMPARED = Object.keys(NAMES);
const SIGNED = new Set(["total_return", "buy_and_hold", "max_drawdown", "best", "worst", "cagr", "alpha", "expectancy"]);

export function figure(name, value) {
  if (value === null || value === undefined) return "–";
  if (SHARES.has(name)) return percent(plainNumber(value));
  if (WHOLE.has(name)) return value.toLocaleString("en");
  return money(plainNumber(value));
}

// A tone where the sign says something, for `Figure`.
export const change = (name, value) => (SIGNED.has(name) && value !== null ? plainNumber(value) : undefined);

// 1e-7 is written without an exponent; these are figures, no money.
const plainNumber = (value) => (Number.isInteger(value) ? String(value) : value.toFixed(8));
