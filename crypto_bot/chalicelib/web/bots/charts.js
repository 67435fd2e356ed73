// The drawings as parts of a page: they follow their data and the page's colours.
import { html, useEffect, useRef } from "vendor/preact.js";
import { CandleDrawing } from "charts/candles.js";
import { EquityDrawing, barsOf, indicatorsOf, marksOf } from "bots/drawings.js";
import { theme } from "lib/theme.js";

export function EquityChart({ curves, drawdown, label }) {
  const box = useDrawing((element) => new EquityDrawing(element), (drawing) => { drawing.repaint(); drawing.draw(curves, drawdown); }, [curves, drawdown]);
  return html`<div class="chart equity" ref=${box} role="group" aria-label=${label}></div>`;
}

// instrument: {at, open, high, low, close, volume, curves, fills}
export function FillChart({ instrument, whole = true, label }) {
  const make = (element) => new CandleDrawing(element, { seen: () => {}, hover: () => {} });
  const box = useDrawing(make, (drawing) => {
    const indicators = indicatorsOf(instrument.curves ?? []);
    drawing.repaint(indicators);
    drawing.draw(barsOf(instrument), indicators);
    drawing.mark(marksOf(instrument, instrument.fills ?? []));
    if (whole) drawing.all();
    else drawing.newest();
  }, [instrument, whole]);
  return html`<div class="chart fills" ref=${box} role="group" aria-label=${label}></div>`;
}

function useDrawing(make, draw, about) {
  const box = useRef(null);
  const drawing = useRef(null);
  const drawn = useRef(draw);
  drawn.current = draw;
  useEffect(() => {
    drawing.current = make(box.current);
    drawn.current(drawing.current);
    const first = { is: true };
    const unhear = theme.subscribe(() => {
      if (first.is) { first.is = false; return; }
      requestAnimationFrame(() => drawing.current && drawn.current(drawing.current));
    });
    return () => { unhear(); drawing.current.close(); drawing.current = null; };
  }, []);
  useEffect(() => { if (drawing.current) drawn.current(drawing.current); }, about);
  return box;
}
