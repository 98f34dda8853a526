// The decoder's process, as the main process sees it. Whatever happens to a model or a driver happens there: the window stays, and a new
// process takes over.
import { fileURLToPath } from "node:url";
import { MessageChannelMain, utilityProcess } from "electron";

const ENTRY = fileURLToPath(new URL("../decoder/index.js", import.meta.url));

/** Characters of standard error that are shown: llama.cpp says there why it ends the process. */
const MOST_WORDS = 2000;

/** @typedef {import("./models.js").Models} Models */

export class DecoderProcess {
  /** @type {Electron.UtilityProcess | undefined} */
  #child;
  #onEnd;

  /** @param {(end: { type: "ended", words: string, again: boolean }) => void} onEnd it ended by itself; again: it was started anew */
  constructor(onEnd) {
    this.#onEnd = onEnd;
  }

  /**
   * Starts it, in place of one that runs.
   *
   * @param {Models} models
   * @param {"auto" | false} gpu
   */
  start(models, gpu = "auto") {
    this.#stop();
    const child = utilityProcess.fork(ENTRY, [], { serviceName: "argsearch decoder", stdio: ["ignore", "inherit", "pipe"] });
    this.#child = child;
    const words = tailOf(child.stderr);
    let ready = false;
    child.on("message", (message) => {
      if (message.type === "ready") ready = true;
    });
    child.on("exit", (code) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      // One that never got ready would not the next time: unless it was the GPU's driver that ended it.
      const again = ready || gpu !== false;
      if (again) this.start(models, ready ? gpu : false);
      this.#onEnd({ type: "ended", words: words() || `exit code ${code}`, again });
    });
    child.postMessage({ type: "load", options: { ...models, gpu } });
  }

  /** A port to it. */
  connect() {
    const { port1, port2 } = new MessageChannelMain();
    this.#child?.postMessage({ type: "connect" }, [port1]);
    return port2;
  }

  #stop() {
    const pid = this.#child?.pid;
    this.#child = undefined;
    // At once: it has nothing to save, and native code hears no polite request.
    if (pid !== undefined) process.kill(pid, "SIGKILL");
  }
}

/**
 * Reads a stream to its end, keeping the last of it.
 *
 * @param {NodeJS.ReadableStream | null} stream
 */
function tailOf(stream) {
  let tail = "";
  stream?.on("data", (chunk) => {
    process.stderr.write(chunk);
    tail = (tail + chunk).slice(-MOST_WORDS);
  });
  return () => tail.trim();
}
