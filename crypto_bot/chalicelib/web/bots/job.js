// Work that the program does for a page: begun, followed, ended early.
import { html, useEffect, useRef, useState } from "vendor/preact.js";
import { get, newKey, post } from "lib/api.js";
import { toast } from "components/toast.js";

const EVERY = 400;
const LATER = 1500;  // what has not ended by then takes long, and each look costs something on AWS
const SOON = 25;

// -> {job, error, begin(path, body), abort()}; `ended(job)` is called once when it is over.
export function useJob(ended) {
  const [job, setJob] = useState(null);
  const [error, setError] = useState(null);
  const heard = useRef(ended);
  heard.current = ended;
  const beginning = useRef(false);
  const running = job?.state === "running";
  const shown = useRef(job);
  shown.current = job;
  const told = useRef("");
  useEffect(() => () => { heard.current = null; }, []);  // who has left is led nowhere

  // The end is heard of once, from whichever answer brings it.
  function take(found) {
    setJob(found);
    if (found.state === "running" || told.current === found.id) return;
    told.current = found.id;
    heard.current?.(found);
  }

  useEffect(() => {
    if (!running) return undefined;
    let stopped = false;
    let timer = 0;
    let looks = 0;
    const every = () => ((looks += 1) > SOON ? LATER : EVERY);
    async function look() {
      try {
        const found = await get(`/jobs/${job.id}`);
        if (stopped) return;
        take(found);
        if (found.state === "running") timer = setTimeout(look, every());
      } catch (caught) {
        if (stopped) return;
        if (caught.status === 404) { setJob(null); setError(caught); } else timer = setTimeout(look, EVERY * 5);
      }
    }
    timer = setTimeout(look, EVERY);
    return () => { stopped = true; clearTimeout(timer); };
  }, [job?.id, running]);

  async function begin(path, body) {
    if (beginning.current) return;  // pressed twice, before the first was answered
    beginning.current = true;
    setError(null);
    setJob(null);
    try {
      take(await post(path, body, { key: newKey() }));
    } catch (caught) {
      setError(caught);
    } finally {
      beginning.current = false;
    }
  }
  async function abort() {
    try {
      const found = await post(`/jobs/${job.id}/abort`, {});
      if (shown.current?.id === found.id && shown.current.state === "running") take(found);  // else it is over, or another's turn
    } catch (caught) {
      toast(caught.message, "bad");
    }
  }
  return { job, error, running, begin, abort, follow: setJob };
}

export function Progress({ of: { job, running, abort }, what }) {
  if (!running) return null;
  const known = job.total > 0;
  return html`<div class="job" role="status">
    <progress max=${known ? job.total : undefined} value=${known ? job.steps : undefined} aria-label=${what}></progress>
    <span class="number">${known ? `${job.steps.toLocaleString("en")} of ${job.total.toLocaleString("en")}` : job.doing ?? "working…"}</span>
    <button class="small" onClick=${abort}>Abort</button></div>`;
}
