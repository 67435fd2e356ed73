// A window over the page: the browser keeps the focus in it, and Escape closes it.
import { html, useEffect, useId, useRef } from "vendor/preact.js";
import { Icon } from "components/icons.js";

// `side`: slides in from the right (details of a row); else in the middle.
export function Dialog({ title, close, side, children, foot }) {
  const box = useRef(null);
  const name = useId();
  useEffect(() => {
    const element = box.current;
    const before = document.activeElement;
    element.showModal();
    return () => { element.close(); giveBack(before); };
  }, []);
  const outside = (event) => { if (event.target === box.current) close(); };
  const escape = (event) => { event.preventDefault(); close(); };
  return html`<dialog ref=${box} class=${side ? "side" : ""} aria-labelledby=${name} onClick=${outside} onCancel=${escape}>
    <div class="window"><header><h2 id=${name}>${title}</h2>
      <button class="quiet" aria-label="Close" onClick=${close}><${Icon} name="close" /></button></header>
      <div class="content">${children}</div>${foot && html`<footer>${foot}</footer>`}</div></dialog>`;
}

// The browser gives the keyboard back only to a window that is still in the page, which this one is not.
function giveBack(before) {
  const had = before?.isConnected && before !== document.body;
  const place = had ? before : document.querySelector("main.work h1");
  place?.focus({ preventScroll: true });
}
