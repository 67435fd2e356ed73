// A line over time with the ground under it, for equity: small, and drawn without a library.
import { html } from "vendor/preact.js";
import { drawn, fullTime, money, time } from "lib/format.js";

const WIDE = 600;
const HIGH = 132;

// points: [{at, value}], oldest first; value is money as text
export function Area({ label, points, unit }) {
  if (points.length < 2) return null;
  const values = points.map((point) => drawn(point.value));
  const times = points.map((point) => Date.parse(point.at));
  const [low, high] = edges(values);
  const [start, end] = [times[0], times[times.length - 1]];
  const x = (at) => (((at - start) / (end - start || 1)) * WIDE).toFixed(1);
  const y = (value) => (HIGH - 4 - ((value - low) / (high - low || 1)) * (HIGH - 12)).toFixed(1);
  const line = values.map((value, index) => `${x(times[index])},${y(value)}`).join(" ");
  const [first, last] = [points[0], points[points.length - 1]];
  const said = `${label}: from ${money(first.value)} to ${money(last.value)} ${unit}, ${fullTime(first.at)} to ${fullTime(last.at)}`;
  return html`<svg class="area" viewBox="0 0 ${WIDE} ${HIGH}" preserveAspectRatio="none" role="img" aria-label=${said}>
      <polygon class="under" points="0,${HIGH} ${line} ${WIDE},${HIGH}" />
      <line class="base" x1="0" x2=${WIDE} y1=${y(values[0])} y2=${y(values[0])} />
      <polyline class="line" points=${line} /></svg>
    <div class="area-ends"><span>${time(first.at)}</span><span>${money(String(low))} – ${money(String(high))} ${unit}</span><span>${time(last.at)}</span></div>`;
}

function edges(values) {
  let [low, high] = [values[0], values[0]];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
