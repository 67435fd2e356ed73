// Line icons on a grid of 24, drawn in the colour of the text beside them.
import { html } from "vendor/preact.js";

const PATHS = {
  home: "M3 11l9-7 9 7M5 9.5V20h5v-6h4v6h5V9.5",
  signal: "M5 20v-4M10 20v-8M15 20V8M20 20V4",
  orders: "M4 6h16M4 12h16M4 18h10",
  positions: "M12 3v9l7 5M12 21a9 9 0 1 1 9-9",
  strategies: "M4 6h10M18 6h2M4 12h4M12 12h8M4 18h12M16 4v4M10 10v4M18 16v4",
  markets: "M7 4v3M7 15v5M5 7h4v8H5zM17 4v5M17 17v3M15 9h4v8h-4z",
  bots: "M12 3v4M6 7h12a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2zM9 12v2M15 12v2",
  deployments: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 12l8-4.5M12 12v9M12 12L4 7.5",
  replay: "M4 12a8 8 0 1 1 2.5 5.8M4 19v-5h5",
  accounts: "M4 7a3 3 0 0 1 3-3h10v4M4 7v10a3 3 0 0 0 3 3h13V8H7M16 14h.01",
  pipelines: "M4 6h5v5H4zM15 13h5v5h-5zM9 8.5h5a3 3 0 0 1 3 3V13",
  logs: "M5 4h14v16H5zM9 9h6M9 13h6M9 17h3",
  settings: "M12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM12 3v3M12 18v3M4.2 7.5l2.6 1.5M17.2 15l2.6 1.5M4.2 16.5L6.8 15M17.2 9l2.6-1.5",
  about: "M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18zM12 11v5M12 8h.01",
  sun: "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 3v1M12 20v1M3 12h1M20 12h1M5.6 5.6l.7.7M17.7 17.7l.7.7M5.6 18.4l.7-.7M17.7 6.3l.7-.7",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  leave: "M10 4H5v16h5M15 8l4 4-4 4M19 12H9",
  stop: "M8 3h8l5 5v8l-5 5H8l-5-5V8zM12 8v5M12 16h.01",
  play: "M7 5l12 7-12 7z",
  pause: "M8 5v14M16 5v14",
  close: "M6 6l12 12M18 6L6 18",
  search: "M11 18a7 7 0 1 1 0-14 7 7 0 0 1 0 14zM20 20l-4-4",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  check: "M5 13l4 4L19 7",
  warning: "M12 4l9 16H3zM12 10v4M12 17h.01",
  more: "M4 7h16M4 12h16M4 17h16",
  send: "M4 12l16-8-6 16-3-7z",
  refresh: "M20 12a8 8 0 1 1-2.5-5.8M20 5v5h-5",
  download: "M12 4v11M7 11l5 5 5-5M4 20h16",
  edit: "M4 20l1-5L16 4l4 4L9 19z",
  next: "M9 5l7 7-7 7",
  external: "M14 4h6v6M20 4l-9 9M10 5H4v15h15v-6",
  plus: "M12 5v14M5 12h14",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13",
};

export function Icon({ name, size = 18 }) {
  return html`<svg class="icon" width=${size} height=${size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d=${PATHS[name] ?? PATHS.about} /></svg>`;
}
