// The text of a bot while it is written: opened, kept as a draft in this tab, checked, saved, never lost.
import { useEffect, useRef, useState } from "vendor/preact.js";
import { toast } from "components/toast.js";
import { get, newKey, post } from "lib/api.js";
import { renewAll } from "lib/live.js";
import { setQuery } from "lib/route.js";

const PAUSE = 500;
const NO_OUTLINE = { name: "", instruments: [], interval: "", parameters: [], together: false };
const NOTHING = { saved: "", digest: "", version: null, locked: false, isStored: false };

const address = (...parts) => JSON.stringify([parts[0], parts[1] ?? "", parts[2] ?? ""]);
const draftKey = (name) => `crypto-bot-draft ${name}`;

// from: "template" or a ready-made bot that a new one begins with; version: another than the newest
export function useSource(name, { from, version, isReady }) {
  const [opened, setOpened] = useState(null);
  const [text, setText] = useState("");
  const [problems, setProblems] = useState([]);
  const [outline, setOutline] = useState(NO_OUTLINE);
  const [error, setError] = useState(null);
  const [missing, setMissing] = useState(null);
  const [busy, setBusy] = useState(false);
  const [opening, setOpening] = useState(0);
  const [tries, setTries] = useState(0);
  const latest = useRef("");
  const shown = useRef("");
  const saving = useRef(null);
  const isHere = useRef(true);
  useEffect(() => () => { isHere.current = false; }, []);
  const path = `/bots/${encodeURIComponent(name)}`;

  useEffect(() => {
    let gone = false;
    if (shown.current === address(name, from, version)) return undefined;
    shown.current = address(name, from, version);
    setOpened(null);
    setMissing(null);
    setError(null);
    load().then((found) => { if (!gone) open(found); }, (caught) => { if (!gone) setMissing(caught); });
    return () => { gone = true; };
  }, [name, from, version, tries]);

  function retry() {
    shown.current = "";
    setTries(tries + 1);
  }

  async function load() {
    if (from === "template") return { ...await get("/bot_template", { query: { name } }), isNew: true };
    if (from) return { ...await get(`/bots/${encodeURIComponent(from)}/source`), isNew: true };
    return get(`${path}/source`, { query: { version } });
  }

  function open(found) {
    const isStored = !found.isNew && !isReady;
    const draft = version || isReady ? null : readDraft(name);
    setOpened({ saved: isStored ? found.source : "", digest: isStored ? draft?.digest ?? found.digest : "", version: isStored ? found.version : null, locked: isStored && found.is_locked, isStored });
    setOutline(found.outline ?? NO_OUTLINE);
    setProblems(found.problems ?? []);
    take(draft?.text ?? found.source);
    setOpening((count) => count + 1);
    if (draft && draft.text !== found.source) toast("What you wrote here before and did not save is back.");
  }

  function take(written) {
    latest.current = written;
    setText(written);
  }

  function write(written) {
    take(written);
    keepDraft(name, { text: written, digest: opened?.digest ?? "" });
  }

  // What is wrong is looked for once the hands rest.
  useEffect(() => {
    if (!opened || isReady) return undefined;
    const timer = setTimeout(async () => {
      try {
        const found = await post("/bot_problems", { source: text });
        if (latest.current !== text) return;
        setProblems(found.problems);
        if (!found.problems.length) setOutline(found.outline);
      } catch { /* the program does not answer: to save says so */ }
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [text, opened === null]);

  // Who asks before the first was answered waits for the same answer: the next would be refused.
  function once(work) {
    saving.current ??= work().finally(() => { saving.current = null; });
    return saving.current;
  }

  // -> what was saved, or null where it was refused; then nothing that was written is lost
  const save = (major = false) => once(() => store(() => major));

  // After somebody else's save: this text follows theirs as the next version.
  const saveAfterTheirs = () => once(() => store(async () => {
    const theirs = await get(`${path}/source`);
    opened.digest = theirs.digest;
    return !theirs.is_locked;  // one that was never run would be replaced
  }));

  async function store(isMajor) {
    const written = latest.current;
    setBusy(true);
    setError(null);
    try {
      const major = await isMajor();
      const headers = opened.digest ? { "If-Match": `"${opened.digest}"` } : {};
      const found = await post(path, { source: written, major }, { headers, key: newKey() });
      setOpened({ saved: written, digest: found.digest, version: found.version, locked: found.is_locked, isStored: true });
      if (latest.current === written) dropDraft(name);
      else keepDraft(name, { text: latest.current, digest: found.digest });
      toast(found.done, "good");
      shown.current = address(name);  // what is shown is what was saved: nothing has to be loaded
      if (isHere.current && (from || version)) setQuery({ from: undefined, version: undefined });
      renewAll();
      return found;
    } catch (caught) {
      if (!isHere.current) toast(`${name} is not saved: ${caught.message}`, "bad");
      setError(caught);
      const line = /line (\d+)/.exec(caught.message);
      if (line) setProblems([{ line: Number(line[1]), column: 1, text: caught.message }]);
      return null;
    } finally {
      setBusy(false);
    }
  }

  // An older version's text in place of the newest one's, to be saved as the next.
  function bringBack(newest) {
    keepDraft(name, { text: latest.current, digest: newest.digest });
    setQuery({ version: undefined });
  }
  const { saved, ...known } = opened ?? NOTHING;
  return { ...known, text, opening, problems, outline, error, missing, retry, busy, loading: !opened && !missing, isDirty: Boolean(opened) && text !== saved, write, save, saveAfterTheirs, bringBack };
}

function readDraft(name) {
  try {
    return JSON.parse(sessionStorage.getItem(draftKey(name)));
  } catch {
    return null;
  }
}

function keepDraft(name, draft) {
  try {
    sessionStorage.setItem(draftKey(name), JSON.stringify(draft));
  } catch { /* the tab's store is full: the text stays on the page */ }
}

const dropDraft = (name) => sessionStorage.removeItem(draftKey(name));
