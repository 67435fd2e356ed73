// A table of any length: only the rows in sight are drawn.
import { html, useEffect, useLayoutEffect, useRef, useState } from "vendor/preact.js";

const ROW = 44;
const BEYOND = 8;

// columns: [{name, cell(row), wide?, end?}]; `wide` ones are left out on a phone, `end` is for numbers.
// `nearEnd()` is called when the last rows come into sight; `open(row)` makes rows clickable.
export function Table({ label, columns, rows, rowKey, open, opened, nearEnd, foot, short }) {
  const box = useRef(null);
  const [seen, setSeen] = useState({ top: 0, height: 600 });
  useLayoutEffect(() => {
    const element = box.current;
    const measure = () => setSeen((old) => after(old, element));
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => { watch.disconnect(); element.removeEventListener("scroll", measure); };
  }, []);
  const first = Math.max(0, Math.floor(seen.top / ROW) - BEYOND);
  const last = Math.min(rows.length, Math.ceil((seen.top + seen.height) / ROW) + BEYOND);
  const atEnd = last >= rows.length;
  useEffect(() => { if (atEnd && nearEnd) nearEnd(); }, [atEnd, rows.length]);
  return html`<div class="table ${short ? "short" : ""}" ref=${box} tabindex="0" role=${short ? "group" : "region"} aria-label=${label}>
    <table aria-rowcount=${rows.length + 1}>
      <thead><tr aria-rowindex="1">${columns.map((column) => html`<th key=${column.name} scope="col" class=${classes(column)}>${column.name}</th>`)}</tr></thead>
      <tbody>
        <${Gap} rows=${first} columns=${columns.length} />
        ${rows.slice(first, last).map((row, index) => html`<${Row} key=${rowKey(row)} row=${row} at=${first + index + 2}
          columns=${columns} open=${open} isOpen=${opened !== undefined && opened === rowKey(row)} />`)}
        <${Gap} rows=${rows.length - last} columns=${columns.length} />
      </tbody>
    </table>${foot}</div>`;
}

// A quarter of a screen is the least that is worth drawing anew.
function after(old, element) {
  const height = element.clientHeight;
  const top = Math.floor(element.scrollTop / (ROW * 4)) * ROW * 4;
  return old.top === top && old.height === height + ROW * 4 ? old : { top, height: height + ROW * 4 };
}

const classes = ({ wide, end }) => `${wide ? "wide-only" : ""} ${end ? "end" : ""}`.trim();

function Gap({ rows, columns }) {
  const cell = useRef(null);
  useLayoutEffect(() => { if (cell.current) cell.current.style.height = `${rows * ROW}px`; }, [rows]);
  return rows > 0 ? html`<tr aria-hidden="true" class="gap"><td ref=${cell} colspan=${columns}></td></tr>` : null;
}

function Row({ row, at, columns, open, isOpen }) {
  const press = open && ((event) => { if (!event.target.closest("a, button")) open(row); });
  const byKey = open && ((event) => { if (event.key === "Enter" && event.target === event.currentTarget) open(row); });
  return html`<tr aria-rowindex=${at} class=${`${open ? "opens" : ""} ${isOpen ? "is-open" : ""}`} tabindex=${open ? 0 : undefined}
    aria-current=${isOpen ? "true" : undefined} onClick=${press} onKeyDown=${byKey}>
    ${columns.map((column) => html`<td key=${column.name} class=${classes(column)}>${column.cell(row)}</td>`)}</tr>`;
}
