// Menu, head and warnings around every page.
import { html, useState } from "vendor/preact.js";
import { HaltButton, Halted } from "components/halt.js";
import { Icon } from "components/icons.js";
import { Logo } from "components/login.js";
import { Mode } from "components/parts.js";
import { AsOf, now } from "components/states.js";
import { ago } from "lib/format.js";
import { useLive } from "lib/live.js";
import { route } from "lib/route.js";
import { leave, role } from "lib/session.js";
import { switchTheme, theme } from "lib/theme.js";

const NOT_KNOWN = { halted: false };  // whoever must stop trading waits for no figures

export function Shell({ pages, groups, here, children }) {
  const [open, setOpen] = useState(null);
  const live = useLive("/overview");
  const isOpen = open === route.value.path;  // going somewhere closes it
  const listed = pages.filter((page) => page.menu !== false);
  const isHere = (page) => (page.path === here?.path || page.title === here?.title ? "page" : undefined);
  const link = (page) => html`<a key=${page.path} href="#${page.path}" aria-current=${isHere(page)}><${Icon} name=${page.icon} /> ${page.title}</a>`;
  return html`<a class="skip" href="#work" onClick=${skip}>Skip to the content</a>
    <div class="shell">
      <nav class="menu ${isOpen ? "open" : ""}" aria-label="Pages">
        <div class="brand"><${Logo} /> <span>crypto_bot</span></div>
        ${groups.filter((name) => listed.some((page) => page.group === name)).map((name) => html`<div key=${name}><h2>${name}</h2>
          <ul>${listed.filter((page) => page.group === name).map((page) => html`<li key=${page.path}>${link(page)}</li>`)}</ul></div>`)}
        <div class="menu-foot">
          <button class="quiet" onClick=${switchTheme} aria-label=${theme.value === "dark" ? "Light colours" : "Dark colours"} title="Dark or light"><${Icon} name=${theme.value === "dark" ? "sun" : "moon"} /></button>
          <button class="quiet" onClick=${leave} title="Sign out"><${Icon} name="leave" /> Sign out</button>
          <small>${role.value}</small>
        </div>
      </nav>
      <div>
        <header class="top">
          <div class="brand"><${Logo} size="24" /> <span>crypto_bot</span></div>
          ${(live.data?.modes ?? []).map((mode) => html`<${Mode} key=${mode} of=${mode} />`)}
          <span class="fill"></span>
          <${NextTick} at=${live.data?.tick.next} />
          <${HaltButton} gate=${live.data?.gate ?? NOT_KNOWN} />
        </header>
        ${live.data?.gate.halted && html`<${Halted} gate=${live.data.gate} positions=${live.data.positions} />`}
        ${live.stale && html`<div class="offline" role="status"><${Icon} name="warning" /> No answer from the program since <${AsOf} at=${live.at} />; what is shown may be old.</div>`}
        <main class="work" id="work" tabindex="-1">${children}</main>
      </div>
      <nav class="tabbar" aria-label="Main pages">
        ${listed.filter((page) => page.phone).map(link)}
        <button aria-expanded=${isOpen ? "true" : "false"} onClick=${() => setOpen(isOpen ? null : route.value.path)}><${Icon} name="more" /> More</button>
      </nav>
    </div>`;
}

function NextTick({ at }) {
  if (!at || Date.parse(at) < now.value) return null;
  return html`<span class="next-tick" title="When due signals are worked off next">next tick ${ago(at, now.value)}</span>`;
}

function skip(event) {
  event.preventDefault();
  document.getElementById("work").focus();
}
