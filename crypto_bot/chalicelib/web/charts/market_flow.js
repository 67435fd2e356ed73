// Everybody's trades by the minute: who took, how much, and how much dearer buyers bought.
import { html, useEffect, useMemo, useRef } from "vendor/preact.js";
import { Card, Figure, Tabs } from "components/parts.js";
import { Shown } from "components/states.js";
import { FlowDrawing, columnsOf } from "charts/flow.js";
import { NOTHING, amount, money, signed, time } from "lib/format.js";
import { useLive } from "lib/live.js";
import { setQuery } from "lib/route.js";
import { theme } from "lib/theme.js";

const SPANS = [["60", "1 h"], ["240", "4 h"], ["1440", "24 h"]];

export function Flow({ symbols, chosen, minutes = "60" }) {
  const live = useLive("/markets/flow", { query: { symbol: chosen, limit: minutes } });
  const acts = html`${symbols.length > 1 && html`<label class="unseen" for="flow">Symbol</label>
      <select id="flow" value=${chosen} onChange=${(event) => setQuery({ flow: event.target.value })}>${symbols.map((name) => html`<option key=${name}>${name}</option>`)}</select>`}
    <${Tabs} label="Span" options=${SPANS} value=${minutes} choose=${(span) => setQuery({ minutes: span })} />`;
  return html`<${Card} wide title="Trades of ${chosen}, by the minute" acts=${acts}>
    <${Shown} live=${live}>${(data) => (data.minutes.length ? html`<${Minutes} minutes=${data.minutes} />` : html`<p class="muted">No minute of ${chosen} has been summed up.</p>`)}<//><//>`;
}

function Minutes({ minutes }) {
  const row = minutes.at(-1);
  return html`<div class="markets-flow">
    <dl class="figures">
      <${Figure} name="Trades, bought / sold" value=${`${row.total_count_b} / ${row.total_count_s}`} note=${`minute ${time(row.minute)}`} />
      <${Figure} name="Base, bought / sold" value=${`${amount(row.total_btc_b, 4)} / ${amount(row.total_btc_s, 4)}`} />
      <${Figure} name="Quote, bought / sold" value=${`${money(row.total_usd_b, 0)} / ${money(row.total_usd_s, 0)}`} />
      <${Figure} name="Average price, bought − sold" value=${row.spread === null ? NOTHING : signed(row.spread)} change=${row.spread ?? "0"}
        note=${`${row.avg_b === null ? NOTHING : money(row.avg_b)} − ${row.avg_s === null ? NOTHING : money(row.avg_s)}`} />
    </dl>
    <${Plot} minutes=${minutes} /></div>`;
}

function Plot({ minutes }) {
  const box = useRef(null);
  const drawing = useRef(null);
  const columns = useMemo(() => columnsOf(minutes, "btc"), [minutes]);
  useEffect(() => {
    const made = new FlowDrawing(box.current, { name: "Price bought − sold" });
    drawing.current = made;
    const unhear = theme.subscribe(() => setTimeout(() => made === drawing.current && made.repaint()));
    return () => { unhear(); drawing.current = null; made.close(); };
  }, []);
  useEffect(() => drawing.current.draw(columns), [columns]);
  return html`<div class="markets-plot" ref=${box} role="figure" aria-label="Quantity bought and sold in each of ${minutes.length} minutes, and the difference of their average prices"></div>`;
}
