// Where everything begins: who is there, which page is asked for, and what frames it.
import { html, render, signal, useEffect, useRef, useState } from "vendor/preact.js";
import { ConfirmDialog } from "components/confirm.js";
import { Help } from "components/help.js";
import { Login } from "components/login.js";
import { Shell } from "components/shell.js";
import { Broken, Skeleton } from "components/states.js";
import { Toasts } from "components/toast.js";
import { lookAgain, match, route } from "lib/route.js";
import { groups, pages } from "lib/pages.js";
import { ended, role, takeToken } from "lib/session.js";
import { listen } from "lib/shortcuts.js";
import { theme } from "lib/theme.js";

const helping = signal(false);

function App() {
  if (!role.value) return html`<${Login} />`;
  return html`
    <${Shell} pages=${pages} groups=${groups} here=${found()?.page}><${Outlet} /><//>
    ${ended.value && html`<${Login} again=${ended.value} />`}
    <${ConfirmDialog} />
    <${Help} open=${helping.value} close=${() => { helping.value = false; }} pages=${pages} />`;
}

function found() {
  for (const page of pages) {
    const given = match(page.path, route.value.path);
    if (given) return { page, given };
  }
  return null;
}

function Outlet() {
  const here = found();
  const [loaded, setLoaded] = useState({});
  const title = here?.page.title ?? "Nothing here";
  const main = useRef(null);
  const last = useRef({ title, isFirst: true });
  useEffect(() => {
    if (!here) return undefined;
    let isWanted = true;  // not once the reader has gone on: a file may come after that of the next page
    here.page.load().then(
      (module) => isWanted && setLoaded({ page: here.page, Page: module.page.Page }),
      (error) => isWanted && setLoaded({ page: here.page, error }),
    );
    return () => { isWanted = false; };
  }, [here?.page]);
  if (here && loaded.page !== here.page && sameFile(loaded.page, here.page)) loaded.page = here.page;
  const { Page, error } = here && loaded.page === here.page ? loaded : {};
  useEffect(() => {
    document.title = `${title} · crypto_bot`;
    const isOther = last.current.title !== title;
    const isFirst = last.current.isFirst && !isOther;
    last.current = { title, isFirst };
    // The heading that stood for a page on its way is gone with the keyboard once the page is there.
    const isLost = !isFirst && document.activeElement === document.body;
    if (isOther || isLost) main.current?.querySelector("h1")?.focus({ preventScroll: true });
  }, [title, Page, error]);
  if (!here) return html`<${Lost} />`;
  return html`<div ref=${main} class="page" key=${here.page.title}>
    ${error ? html`<${Broken} error=${error} />` : Page ? html`<${Page} ...${here.given} query=${route.value.query} />` : html`<${Skeleton} title=${title} />`}
  </div>`;
}

// A list and what is opened from it are one page: nothing is loaded or drawn anew.
const sameFile = (one, other) => Boolean(one) && one.title === other.title && String(one.load) === String(other.load);

function Lost() {
  return html`<div class="page"><h1 tabindex="-1">Nothing here</h1>
    <p>No page has the address <code>${route.value.path}</code>. <a href="#/">Go to the overview</a>.</p></div>`;
}

takeToken();
lookAgain();
theme.subscribe((name) => { document.documentElement.dataset.theme = name; });
listen(Object.fromEntries(pages.filter((page) => page.key).map((page) => [page.key, page.path])), () => { helping.value = true; });
addEventListener("hashchange", takeTokenLater);
function takeTokenLater() {
  if (location.hash.startsWith("#token=")) { takeToken(); location.reload(); }
}
const home = document.getElementById("app");
home.replaceChildren();
render(html`<${App} /><${Toasts} />`, home);
