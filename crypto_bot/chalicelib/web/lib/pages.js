// Every page, in the order of the menu; a page's file is loaded when it is first opened.
// To add one: write pages/NAME.js with `export const page = { Page }` and a line here.
//   path   "/bots/{name}": what stands in braces is given to Page as a property
//   menu   false: reached from another page (or a part of one), not from the menu
//   key    opened by `g` and this letter
//   phone  true: in the bar at the bottom of a phone; the others are behind More
export const groups = ["Trading", "Markets", "Bots", "Program"];

export const pages = [
  { path: "/", title: "Overview", icon: "home", group: "Trading", key: "o", phone: true, load: () => import("pages/overview.js") },
  { path: "/signals", title: "Signals", icon: "signal", group: "Trading", key: "s", phone: true, load: () => import("pages/signals.js") },
  { path: "/signals/{id}", title: "Signals", menu: false, load: () => import("pages/signals.js") },
  { path: "/orders", title: "Orders", icon: "orders", group: "Trading", key: "r", phone: true, load: () => import("pages/orders.js") },
  { path: "/positions", title: "Positions", icon: "positions", group: "Trading", key: "p", phone: true, load: () => import("pages/positions.js") },
  { path: "/strategies", title: "Strategies", icon: "strategies", group: "Trading", key: "t", load: () => import("pages/strategies.js") },
  { path: "/markets", title: "Markets", icon: "markets", group: "Markets", key: "m", load: () => import("pages/markets.js") },
  { path: "/pipelines", title: "Pipelines", icon: "pipelines", group: "Markets", key: "i", load: () => import("pages/pipelines.js") },
  { path: "/bots", title: "Bots", icon: "bots", group: "Bots", key: "b", load: () => import("pages/bots.js") },
  { path: "/bots/{name}", title: "Bot", menu: false, load: () => import("pages/bot.js") },
  { path: "/deployments", title: "Deployments", icon: "deployments", group: "Bots", key: "d", load: () => import("pages/deployments.js") },
  { path: "/deployments/{name}", title: "Deployment", menu: false, load: () => import("pages/deployment.js") },
  { path: "/replay", title: "Replay", icon: "replay", group: "Bots", key: "y", load: () => import("pages/replay.js") },
  { path: "/accounts", title: "Accounts", icon: "accounts", group: "Program", key: "a", load: () => import("pages/accounts.js") },
  { path: "/settings", title: "Settings", icon: "settings", group: "Program", key: "e", load: () => import("pages/settings.js") },
  { path: "/logs", title: "Logs", icon: "logs", group: "Program", key: "l", load: () => import("pages/logs.js") },
  { path: "/about", title: "About", icon: "about", group: "Program", load: () => import("pages/about.js") },
];
