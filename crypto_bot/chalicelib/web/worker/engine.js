// A Python interpreter in a worker, with the engine's own files: one backtest, and then it is thrown away.
// Only its page talks to it, and its own policy lets it reach nothing but the program that served it.
const HERE = "/engine";
const MOST_MEMORY = 1024 ** 3;
const WASM = "pyodide.asm.wasm";
const STDLIB = "python_stdlib.zip";
// What a bot finds in Python's module `js`, and what the interpreter itself takes from there.
const SHOWN = { Object, Array, Promise, setTimeout, clearTimeout };
// Once everything is loaded, nobody needs these any more.
const TAKEN_AWAY = [
  "fetch", "XMLHttpRequest", "WebSocket", "WebSocketStream", "EventSource", "WebTransport", "importScripts", "Worker", "SharedWorker",
  "BroadcastChannel", "RTCPeerConnection", "indexedDB", "caches", "navigator", "prompt",
];

let run = null;
let python = null;

self.onmessage = async ({ data }) => {
  try {
    if (data.kind === "load") {
      await load(data.addresses, data.compiled);
      self.postMessage({ kind: "ready" });
    } else {
      self.postMessage({ kind: "ended", answer: JSON.parse(tested(data.asked, data.columns)) });
    }
  } catch (error) {
    self.postMessage({ kind: "failed", why: sentence(error), isMemory: /MemoryError|out of memory|memory allocation|allocation failed/i.test(error.message) });
  }
};

// addresses: {loader, glue, wasm, stdlib, engine}; compiled: the interpreter's module, of a worker before this one
async function load({ loader, glue, wasm, stdlib, engine }, compiled) {
  limitMemory();
  const asked = self.fetch.bind(self);
  const module = compiled ?? WebAssembly.compileStreaming(unpacked(asked, wasm, "application/wasm"));
  const library = unpacked(asked, stdlib, "application/zip");
  // The interpreter asks for two files by names of its own; there is nothing else that it may ask for.
  self.fetch = async (address) => {
    const name = String(address?.url ?? address).split("/").pop();
    if (name === STDLIB) return library;
    if (name === WASM) return new Response("");
    throw new TypeError(`${name} is not part of the engine`);
  };
  WebAssembly.instantiateStreaming = async (_, imports) => {
    const made = await module;
    if (!compiled) self.postMessage({ kind: "compiled", module: made });
    return { module: made, instance: await WebAssembly.instantiate(made, imports) };
  };
  const [{ loadPyodide }, files] = await Promise.all([import(loader), asked(engine).then((answer) => answer.json()), import(glue)]);
  python = await loadPyodide({
    indexURL: new URL(".", loader).href,
    lockFileContents: { info: { abi_version: "2025_0", arch: "wasm32", platform: "emscripten_4_0_9", version: "0.29.5", python: "3.13.2" }, packages: {} },
    jsglobals: Object.assign(Object.create(null), SHOWN),
    env: { HOME: HERE },
    stdout: () => {},
    stderr: () => {},
  });
  for (const name of TAKEN_AWAY) Object.defineProperty(self, name, { value: undefined, writable: false, configurable: false });
  for (const [path, text] of Object.entries(files)) {
    const place = `${HERE}/${path}`;
    python.FS.mkdirTree(place.slice(0, place.lastIndexOf("/")));
    python.FS.writeFile(place, text);
  }
  python.unregisterJsModule("pyodide_js");
  python.runPython(`import sys\nsys.modules.pop("pyodide_js", None)\nsys.path.insert(0, "${HERE}")\nsys.dont_write_bytecode = True`);
  run = python.pyimport("chalicelib.browser.backtest_in_page").run;
}

function tested(asked, columns) {
  const given = python.toPy(columns);
  return run(JSON.stringify(asked), given, (done, total) => self.postMessage({ kind: "moved", done, total }));
}

// All that is served is text: gzip in base64.
async function unpacked(asked, address, kind) {
  const answer = await asked(address);
  if (!answer.ok) throw new Error(`the program answered ${answer.status} for a file of the engine`);
  const bytes = Uint8Array.from(atob(await answer.text()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream, { headers: { "Content-Type": kind } });
}

// A bot that wants ever more is told so in Python, before the tab or the machine suffers.
function limitMemory() {
  const grow = WebAssembly.Memory.prototype.grow;
  WebAssembly.Memory.prototype.grow = function (pages) {
    if (this.buffer.byteLength + pages * 65536 > MOST_MEMORY) throw new RangeError("the engine has no more memory");
    return grow.call(this, pages);
  };
}

// Of a traceback its last line.
function sentence(error) {
  return String(error?.message ?? error).trim().split("\n").pop();
}
