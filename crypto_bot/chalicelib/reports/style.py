"""How pages look: light or dark as the reader's system is, and on paper."""

from typing import Final

# So many classes curve1, curve2 ... there are, each with a colour.
CURVES: Final = 8

STYLE: Final = """
:root { color-scheme: light dark; --back: #f4f5f8; --card: #ffffff; --ink: #151a26;
  --soft: #626b7f; --rule: #e4e7ee; --brand: #3457e0; --brand-soft: #3457e01f; --other: #9aa3b5;
  --gain: #0b8f63; --loss: #d03a4b; --loss-soft: #d03a4b2b; --curve2: #c27803;
  --curve3: #8b46d8; --curve4: #0e8ba8; --curve5: #e0559f; --curve6: #5c940d; --curve7: #495057;
  --curve8: #a0522d; }
@media (prefers-color-scheme: dark) { :root { --back: #0d1017; --card: #161b26; --ink: #e8ebf3;
  --soft: #97a1b6; --rule: #273043; --brand: #7d98ff; --brand-soft: #7d98ff26; --other: #667089;
  --gain: #35c795; --loss: #ff6b7a; --loss-soft: #ff6b7a2e; --curve2: #f0b23f; --curve3: #bd8cff;
  --curve4: #45c4de; --curve5: #ff8ac5; --curve6: #a9e34b; --curve7: #ced4da;
  --curve8: #e8a87c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui,
  -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; }
main { max-width: 1120px; margin: 0 auto; padding: 28px 20px 64px; }
header h1 { margin: 0 0 2px; font-size: 30px; line-height: 1.2; letter-spacing: -.02em;
  overflow-wrap: anywhere; }
header p { margin: 0; color: var(--soft); }
.chips { display: flex; flex-wrap: wrap; gap: 8px; margin: 14px 0 0; padding: 0; list-style: none; }
.chips li { padding: 3px 11px; border: 1px solid var(--rule); border-radius: 99px;
  background: var(--card); font-size: 13px; overflow-wrap: anywhere; }
.chips b { font-weight: 600; }
.warning { margin: 16px 0 0; padding: 10px 14px; border-left: 4px solid var(--curve2);
  border-radius: 6px; background: var(--card); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 12px;
  margin: 22px 0 0; }
.tile, section { background: var(--card); border: 1px solid var(--rule); border-radius: 14px; }
.tile { padding: 14px 16px; }
.tile span { display: block; color: var(--soft); font-size: 13px; }
.tile strong { display: block; font-size: 25px; line-height: 1.35; letter-spacing: -.02em;
  overflow-wrap: anywhere; }
section { margin: 16px 0 0; padding: 18px 20px 20px; }
h2 { margin: 0 0 8px; font-size: 17px; letter-spacing: -.01em; }
.note { margin: -4px 0 10px; color: var(--soft); font-size: 13px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 6px; padding: 0;
  list-style: none; color: var(--soft); font-size: 13px; }
.legend i { display: inline-block; width: 16px; height: 3px; margin-right: 7px; border-radius: 2px;
  vertical-align: middle; background: currentColor; }
.scroll { overflow-x: auto; }
.scroll:has(> svg .grid) { direction: rtl; } .scroll > svg { direction: ltr; }
svg { display: block; width: 100%; min-width: 620px; height: auto; }
svg + svg { margin-top: 10px; }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif;
  fill: var(--soft); }
svg .caption { font-weight: 600; }
.grid { stroke: var(--rule); stroke-width: 1; }
.equity, .benchmark, [class^="curve"] { fill: none; stroke-width: 1.8;
  stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.equity { stroke: var(--brand); } .benchmark { stroke: var(--other); }
.curve1 { stroke: var(--brand); } .curve2 { stroke: var(--curve2); }
.curve3 { stroke: var(--curve3); } .curve4 { stroke: var(--curve4); }
.curve5 { stroke: var(--curve5); } .curve6 { stroke: var(--curve6); }
.curve7 { stroke: var(--curve7); } .curve8 { stroke: var(--curve8); }
.under { fill: var(--brand-soft); } .down-area { fill: var(--loss-soft); }
.depth { fill: none; stroke: var(--loss); stroke-width: 1.4; }
.up { fill: var(--gain); stroke: var(--gain); stroke-width: .8; opacity: .62; }
.down { fill: var(--loss); stroke: var(--loss); stroke-width: .8; opacity: .62; }
.buy { fill: var(--gain); stroke: var(--card); stroke-width: 1; }
.sell { fill: var(--loss); stroke: var(--card); stroke-width: 1; }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
th, td { padding: 6px 10px; border-bottom: 1px solid var(--rule); text-align: left;
  vertical-align: top; }
th { color: var(--soft); font-weight: 600; font-size: 12px; white-space: nowrap; }
tbody tr:last-child td { border-bottom: 0; }
.numbers td:not(:first-child), .numbers th:not(:first-child) { text-align: right; }
.numbers td { white-space: nowrap; }
.tall { max-height: 560px; overflow-y: auto; }
.tall thead th { position: sticky; top: 0; background: var(--card); }
.pairs { display: grid; grid-template-columns: repeat(auto-fit, minmax(250px, 1fr)); gap: 0 36px;
  margin: 0; }
.pairs div { display: flex; justify-content: space-between; gap: 12px; padding: 6px 0;
  border-bottom: 1px solid var(--rule); }
.pairs dt { color: var(--soft); } .pairs dd { margin: 0; font-weight: 600; text-align: right; }
.gain { color: var(--gain); } .loss { color: var(--loss); } .even { color: var(--soft); }
footer { margin: 22px 4px 0; color: var(--soft); font-size: 13px; }
@media (max-width: 720px) { main { padding: 20px 12px 48px; } section { padding: 16px 14px 18px; }
  svg:has(.grid) { min-width: 680px; } svg:has(.grid) text { font-size: 14px; } }
@media print { body { background: none; } section, .tile { break-inside: avoid; }
  .tall { max-height: none; } }
"""
