// One bot: its source, what is wrong with it, its backtests, its versions, and the way to a deployment.
import { html, useEffect, useMemo, useRef, useState } from "vendor/preact.js";
import { Icon } from "components/icons.js";
import { Badge, Card, PageHead, Tabs } from "components/parts.js";
import { ErrorNote, Skeleton } from "components/states.js";
import { toast } from "components/toast.js";
import { DeployDialog } from "bots/deploy.js";
import { Editor } from "bots/editor.js";
import { warmUp } from "bots/engine.js";
import { History, Versions } from "bots/history.js";
import { Progress, useJob } from "bots/job.js";
import { Result } from "bots/result.js";
import { useSource } from "bots/source.js";
import { Tried, canTry, useTried, venueOf } from "bots/tried.js";
import { TrialForm, askedOf, emptyTrial } from "bots/trial_form.js";
import { useLive } from "lib/live.js";
import { href, setQuery } from "lib/route.js";
import { mayAct } from "lib/session.js";

const NO_WORDS = [];
const CONFLICT = 409;

// Another bot's page begins anew: what is under way of this one is not shown there.
const Page = ({ name, query }) => html`<${Work} key=${name} name=${name} query=${query} />`;

function Work({ name, query }) {
  const isReady = query.view === "ready";
  const source = useSource(name, { from: query.from, version: query.version, isReady });
  const about = useLive(source.isStored ? `/bots/${encodeURIComponent(name)}` : null);
  const words = useLive("/bot_words", { every: 0 });
  const [deploying, setDeploying] = useState(false);
  const [part, setPart] = useState("backtests");
  const editor = useRef(null);
  const tried = useTried();

  if (source.loading) return html`<${Skeleton} title=${name} lines=${12} />`;
  if (source.missing) return html`<${PageHead} title=${name} /><${ErrorNote} error=${source.missing} retry=${source.missing.isRefusal ? undefined : source.retry} /><p><a href=${href("/bots")}>All bots</a></p>`;
  const isOld = Boolean(query.version) && about.data && query.version !== about.data.versions[0].version;
  const readOnly = isReady || isOld || !mayAct.value;
  // Whoever runs a version locks it, after it was opened here, too.
  const locked = about.data?.versions.find((each) => each.version === source.version)?.is_locked ?? source.locked;

  return html`<${PageHead} title=${name}>
      ${!readOnly && html`<button disabled=${source.busy || !source.isDirty} onClick=${() => source.save()} title="Ctrl S">${source.busy ? "Saving…" : "Save"}</button>
        ${locked && html`<button disabled=${source.busy || !source.isDirty} onClick=${() => source.save(true)}>Save as major</button>`}`}
      ${isOld && mayAct.value && html`<button onClick=${() => source.bringBack(about.data.versions[0])}>Go on from this version</button>`}
      ${!isReady && mayAct.value && html`<button class="primary" disabled=${!source.isStored || source.isDirty} onClick=${() => setDeploying(true)}
        title=${source.isDirty ? "Save it first" : ""}><${Icon} name="deployments" size="16" /> Deploy</button>`}<//>
    <${State} source=${source} locked=${locked} isReady=${isReady} isOld=${isOld} />
    <${ErrorNote} error=${source.error} />
    ${source.error?.status === CONFLICT && html`<p class="bar"><a class="button" target="_blank" href=${href("/bots", [name])}>Show what was saved</a>
      <button onClick=${source.saveAfterTheirs}>Save mine after it</button></p>`}
    <div class="bot-work">
      <section class="card written" aria-label="Source">
        <${Editor} key=${`${name} ${query.version ?? ""}`} text=${source.text} opening=${source.opening} change=${source.write} problems=${source.problems}
          words=${words.data?.words ?? NO_WORDS} readOnly=${readOnly} save=${() => source.save()} handle=${editor} />
        <${Problems} problems=${source.problems} goTo=${(line, column) => editor.current?.goTo(line, column)} />
      </section>
      ${!isReady && html`<${Trial} name=${name} source=${source} about=${about} version=${query.version} tried=${tried} />`}
    </div>
    ${tried.found?.told.name === name && html`<${Tried} name=${name} tried=${tried} source=${source} />`}
    ${source.isStored && !isReady && about.data && html`<${Tests} name=${name} about=${about.data} query=${query} part=${part} setPart=${setPart} />`}
    ${deploying && html`<${DeployDialog} name=${name} version=${source.version} outline=${source.outline} close=${() => setDeploying(false)} />`}`;
}

function State({ source, locked, isReady, isOld }) {
  if (isReady) return html`<p class="muted">It comes with the program, and can be read and copied.</p>`;
  return html`<p class="bar bot-state"><${Badge} of=${source.version ? `version ${source.version}` : "not saved yet"} tone=${source.version ? "info" : "warn"} />
    ${locked && html`<small>was run, and stays as it is: the next change becomes ${isOld ? "a version of its own" : "the next version"}</small>`}
    ${source.isDirty && html`<${Badge} of="changed" tone="warn" />`}</p>`;
}

function Problems({ problems, goTo }) {
  if (!problems.length) return html`<p class="problems-none"><${Icon} name="check" size="14" /> No problems</p>`;
  return html`<ul class="problems" aria-label="Problems">${problems.map((each) => html`<li key=${`${each.line} ${each.text}`}>
    <button class="quiet" onClick=${() => goTo(each.line, each.column)}><span class="mono">line ${each.line}</span> ${each.text}</button></li>`)}</ul>`;
}

function Trial({ name, source, about, version, tried }) {
  const kept = useLive("/candle_series", { every: 0 });
  const series = kept.data?.series ?? NO_WORDS;
  const [trial, setTrial] = useState(emptyTrial);
  const job = useJob(async (ended) => {
    if (ended.state === "failed") return;
    await about.refresh();
    if (ended.state !== "done") { toast("The backtest was ended, and nothing of it is kept."); return; }
    tried.forget();
    setQuery({ test: "newest" });
  });
  const check = useJob();
  const asked = useMemo(() => askedOf(trial, source.outline, series), [trial, source.outline, series]);
  const path = `/bots/${encodeURIComponent(name)}`;

  // Keep is pressed long after the run whose it is: what was saved since counts.
  const now = useRef(null);
  now.current = { source, version, isBusy: job.running || check.running };

  async function run(what, where) {
    const { source: of, version: opened, isBusy } = now.current;
    if (isBusy) return;
    const saved = of.isDirty || !of.isStored ? await of.save() : { version: opened ?? of.version };
    if (saved) what.begin(`${path}/${where}`, where === "check" ? checkOf(asked, saved) : { ...asked, version: saved.version });
  }
  const isHere = canTry(asked, series);
  const keep = () => run(job, "backtests");
  function runHere() {
    const { text } = source;
    tried.begin({ ...asked, name, source: text, venue: venueOf(asked, series) }, { name, source: text, keep }, (why) => { toast(why); keep(); });
  }
  if (!mayAct.value) return null;
  const busy = job.running || check.running || tried.running || source.busy;
  return html`<${Card} title="Try it on the past"><div onPointerEnter=${warmUp} onFocusIn=${warmUp}>
    ${kept.error ? html`<${ErrorNote} error=${kept.error} retry=${kept.refresh} />` : kept.loading ? html`<${Skeleton} lines=${6} />` : html`<${TrialForm} trial=${trial} change=${setTrial} outline=${source.outline} series=${series} error=${tried.error ?? job.error} />`}
    <div class="bar trial-acts"><button class="primary" disabled=${busy || !kept.data} onClick=${isHere ? runHere : keep}
        title=${isHere ? "In this browser: nothing is saved, and nothing kept" : "In the program, which keeps it with its version"}><${Icon} name="play" size="15" /> Run backtest</button>
      ${isHere && html`<button disabled=${busy} onClick=${keep} title="Save what was changed, and run it in the program, which keeps it with its version">Run and keep</button>`}
      <button disabled=${busy || !kept.data} onClick=${() => run(check, "check")} title="Run it again and again: it must always do the same">Check</button></div>
    <${Progress} of=${tried} what="Backtest in this browser" /><${Progress} of=${job} what="Backtest" /><${Progress} of=${check} what="Check" />
    <${ErrorNote} error=${tried.error} /><${ErrorNote} error=${job.error ?? failed(job.job)} /><${ErrorNote} error=${check.error ?? failed(check.job)} />
    ${check.job?.state === "done" && html`<ul class="checked">${check.job.lines.map((line) => html`<li key=${line} class=${line.startsWith("Wrong") ? "bad" : ""}>${line}</li>`)}</ul>`}</div><//>`;
}

const failed = (job) => (job?.state === "failed" ? { message: sentence(job.error) } : null);
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const checkOf = ({ interval, instruments, parameters }, { version }) => ({ interval, instruments, parameters, version });

function Tests({ name, about, query, part, setPart }) {
  const [compared, setCompared] = useState([]);
  const found = query.test === "newest" ? about.tests[0] : about.tests.find((each) => each.id === query.test);
  const opened = useRef("");
  useEffect(() => {
    if (!found || opened.current === found.id) return;
    opened.current = found.id;
    document.getElementById("result")?.scrollIntoView({ behavior: "smooth", block: "start" });
  }, [found?.id]);
  const others = about.tests.filter((each) => compared.includes(each.id) && each.id !== found?.id);
  return html`${found && html`<${Result} key=${found.id} name=${name} test=${found} others=${others} close=${() => setQuery({ test: undefined })} />`}
    <${Card} wide title="History" acts=${html`<${Tabs} label="History" value=${part} choose=${setPart} options=${[["backtests", `Backtests (${about.tests.length})`], ["versions", `Versions (${about.versions.length})`]]} />`}>
      ${part === "backtests"
        ? html`<${History} tests=${about.tests} opened=${found?.id} compared=${compared} compare=${setCompared} open=${(test) => setQuery({ test: test.id })} />`
        : html`<${Versions} name=${name} versions=${about.versions} opened=${query.version} />`}<//>`;
}

export const page = { Page };
