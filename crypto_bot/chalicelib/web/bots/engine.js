// The engine in this browser: workers that are warm before they are wanted, one backtest each.
const FILES = {
  loader: () => import.meta.resolve("vendor/pyodide/pyodide.js"),
  glue: () => import.meta.resolve("vendor/pyodide/pyodide.asm.js"),
  wasm: () => import.meta.resolve("vendor/pyodide/pyodide.asm.wasm.gz.txt"),
  stdlib: () => import.meta.resolve("vendor/pyodide/python_stdlib.zip.gz.txt"),
  engine: () => import.meta.resolve("worker/engine_files.json"),
};

let spare = null;
let compiled;  // the interpreter itself: the same for all workers

// It could not be started: nothing is wrong with the bot.
export class EngineMissing extends Error {}
export class Aborted extends Error {}

// null where the program does not bring it, or the browser cannot run it
function addresses() {
  try {
    if (!("DecompressionStream" in globalThis && "WebAssembly" in globalThis)) return null;
    return Object.fromEntries(Object.entries(FILES).map(([name, find]) => [name, find()]));
  } catch {
    return null;
  }
}

export const hasEngine = () => addresses() !== null;

// Takes some seconds, in the background: called when it looks as if somebody will want it.
export function warmUp() {
  if (spare === null && hasEngine()) spare = begun();
}

// Nobody wants it any more.
export function coolDown() {
  spare?.worker.terminate();
  spare = null;
}

function begun() {
  const worker = new Worker(import.meta.resolve("worker/engine.js"), { type: "module" });
  const ready = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      if (data.kind === "compiled") compiled = data.module;
      else if (data.kind === "ready") resolve();
      else reject(new EngineMissing(data.why));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new EngineMissing(event.message || "its files could not be loaded"));
    };
  });
  ready.catch(() => {});
  worker.postMessage({ kind: "load", addresses: addresses(), compiled });
  return { worker, ready };
}

// asked: what POST backtests takes, with name, source and venue; columns: symbol -> six Float64Array
// -> {answer, abort()}; `answer` is a promise of {chart}, {error, field, line} or {elsewhere}
export function backtest(asked, columns, moved) {
  warmUp();
  const { worker, ready } = spare ?? { ready: Promise.reject(new EngineMissing("it is not here")) };
  spare = null;
  let stop = () => {};
  const stopped = new Promise((_, reject) => { stop = () => reject(new Aborted("The backtest was ended.")); });
  const answered = ready.then(() => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      if (data.kind === "moved") moved(data.done, data.total);
      else if (data.kind === "ended") resolve(data.answer);
      else resolve({ error: data.isMemory ? OUT_OF_MEMORY : data.why });
    };
    worker.onerror = (event) => {
      event.preventDefault();
      resolve({ error: event.message || OUT_OF_MEMORY });
    };
    worker.onmessageerror = () => reject(new EngineMissing("it could not be told what to run"));
    worker.postMessage({ kind: "run", asked, columns });
  }));
  // What a bot left behind in an interpreter, the next one must not find.
  const answer = Promise.race([answered, stopped]).finally(() => {
    worker?.terminate();
    warmUp();
  });
  answered.catch(() => {});
  return { answer, abort: stop };
}

const OUT_OF_MEMORY = "The bot needs more memory than a page has: try fewer candles, or press Run and keep, which runs it in the program.";
