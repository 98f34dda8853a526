// The part of Electron that examples/electron uses, on Node. Whoever started this process plays the user and the page: it calls what the
// preload script shows to pages, and hears what that tells them.
import { EventEmitter } from "node:events";
import { MessageChannelMain } from "./ports.mjs";
import { runPreload } from "./preload.mjs";
import { fate, running, utilityProcess } from "./utility-process.mjs";

export { MessageChannelMain, utilityProcess };

const tell = (what) => process.send(what);

let ready = false;
export const app = Object.assign(new EventEmitter(), {
  isReady: () => ready,
  whenReady: () =>
    new Promise((resolve) => {
      setImmediate(() => {
        ready = true;
        resolve();
      });
    }),
  quit: () => process.exit(),
});

const schemes = new Map();
const pages = new Map();
export const protocol = {
  registerSchemesAsPrivileged(registered) {
    if (ready) throw new Error("schemes are registered before the app is ready");
    for (const { scheme, privileges } of registered) schemes.set(scheme, privileges);
  },
  handle: (scheme, work) => pages.set(scheme, work),
};

const fetchPage = (url) => pages.get(new URL(url).protocol.slice(0, -1))(new Request(url));

export const session = { defaultSession: { setPermissionRequestHandler: () => {} } };

/** What the user will choose in the next dialog; undefined: Cancel. */
let pick;
export const dialog = {
  async showOpenDialog(_window, options) {
    tell({ dialog: options });
    return pick === undefined ? { canceled: true, filePaths: [] } : { canceled: false, filePaths: [pick] };
  },
};

const handlers = new Map();
export const ipcMain = { handle: (channel, work) => handlers.set(channel, work) };

let current;
export class BrowserWindow extends EventEmitter {
  #options;
  #url;
  #preloaded;
  /** Of the page; they end with it. */
  #ports = [];

  constructor(options) {
    super();
    this.#options = options;
    current = this;
    this.webContents = Object.assign(new EventEmitter(), {
      setWindowOpenHandler: () => {},
      send: (channel, message) => this.#preloaded.ipcRenderer.emit(channel, { ports: [] }, structuredClone(message)),
      postMessage: (channel, message, transferred) => {
        const ports = transferred.map((port) => port.transfer());
        this.#ports.push(...ports);
        this.#preloaded.ipcRenderer.emit(channel, { ports }, message);
      },
    });
    tell({ window: { ...options, schemes: Object.fromEntries(schemes) } });
  }

  static getAllWindows = () => (current ? [current] : []);

  show() {}

  async loadURL(url) {
    const { status } = await fetchPage(url);
    if (status !== 200) throw new Error(`${url}: ${status}`);
    this.#url = url;
    this.reload();
  }

  reload() {
    for (const port of this.#ports.splice(0)) {
      port.onmessage = null; // Node's still hands over what is under way
      port.close();
    }
    this.#preloaded = runPreload(this.#options.webPreferences.preload, (channel, argument) => this.invoke(channel, argument));
    this.#preloaded.page.chat.listen((message) => tell({ told: structuredClone(message) }));
    this.webContents.emit("did-finish-load");
  }

  async invoke(channel, argument, url = this.#url) {
    return handlers.get(channel)({ senderFrame: { url } }, structuredClone(argument));
  }

  call(method, argument) {
    return this.#preloaded.page.chat[method](argument);
  }
}

/** What the test asks for, by name. */
const wishes = {
  call: ({ method, argument }) => current.call(method, argument),
  invokeFrom: ({ url, channel, argument }) => current.invoke(channel, argument, url),
  pick: ({ path }) => {
    pick = path;
  },
  reload: () => current.reload(),
  deaths: ({ count }) => {
    fate.deaths = count;
  },
  kill: () => running.forEach((child) => void child.kill("SIGKILL")),
  async fetch({ url }) {
    const response = await fetchPage(url);
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
  },
};

process.on("message", async ({ id, wish, ...rest }) => {
  try {
    tell({ id, value: await wishes[wish](rest) });
  } catch (error) {
    tell({ id, error: error.message });
  }
});
process.on("disconnect", () => process.exit());
process.on("exit", () => running.forEach((child) => void child.kill("SIGKILL")));
