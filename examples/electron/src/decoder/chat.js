// Decoding for one page, over a port. Messages of the page: { type: "ask", id, messages, weight }, { type: "stop", id }.
// What it is told: { type: "loading", progress }, then { type: "ready", policy, reward } or { type: "failed", code, message };
// for each ask { type: "token", id, text, reward, logProb }, then { type: "done", id, finishReason, reward, tokensPerSecond } or
// { type: "error", id, code, message }.
import { basename } from "node:path";
import { load } from "argsearch";

const MAX_TOKENS = 512;

/** @typedef {{ id: number, messages: import("argsearch").ChatMessage[], weight: number }} Ask */

export class Chat {
  /** @type {Electron.MessagePortMain | undefined} */
  #port;
  /** @type {import("argsearch").Decoder | undefined} */
  #decoder;
  /** What a page is told first. @type {object} */
  #state = { type: "loading", progress: 0 };
  /** By the ids of the answers under way. @type {Map<number, AbortController>} */
  #stops = new Map();
  /** The end of the last answer: the decoder has one slot, and one that was stopped still finishes its step. */
  #last = Promise.resolve();

  /**
   * @param {import("argsearch").LoadOptions} options
   * @returns {Promise<boolean>} false: the page was told why not
   */
  async load(options) {
    try {
      const decoder = await load({ ...options, onProgress: (progress) => this.#change({ type: "loading", progress }) });
      this.#decoder = decoder;
      const [reward] = decoder.info.rewards;
      const names = { policy: basename(decoder.info.policy.path), reward: reward ? basename(reward.path) : null };
      this.#change({ type: "ready", ...names });
      return true;
    } catch (error) {
      this.#change({ type: "failed", ...described(error) });
      return false;
    }
  }

  /**
   * Talks to another page, or to the same one after it was loaded again.
   *
   * @param {Electron.MessagePortMain} port
   */
  connect(port) {
    this.#stopAll();
    this.#port = port;
    port.on("message", ({ data }) => {
      if (port !== this.#port) return; // of a page that is gone
      if (data.type === "ask") this.#ask(data);
      if (data.type === "stop") this.#stops.get(data.id)?.abort();
    });
    port.on("close", () => {
      if (port === this.#port) this.#stopAll();
    });
    port.start();
    port.postMessage(this.#state);
  }

  /** @param {Ask} ask */
  #ask(ask) {
    const [port, stop] = [this.#port, new AbortController()];
    this.#stops.set(ask.id, stop);
    this.#last = this.#last.then(() => this.#answer(ask, port, stop));
  }

  /** @param {Ask} ask @param {Electron.MessagePortMain | undefined} port @param {AbortController} stop */
  async #answer({ id, messages, weight }, port, stop) {
    try {
      if (!this.#decoder) throw new Error("the models are not loaded");
      const steps = this.#decoder.stream(messages, { weight, maxTokens: MAX_TOKENS, signal: stop.signal });
      let next = await steps.next();
      for (; !next.done; next = await steps.next()) {
        const { text, reward, logProb } = next.value;
        port?.postMessage({ type: "token", id, text, reward, logProb });
      }
      const { finishReason, reward, timings } = next.value;
      port?.postMessage({ type: "done", id, finishReason, reward, tokensPerSecond: timings.tokensPerSecond });
    } catch (error) {
      const { code, message } = described(error);
      // Stopped before the first token.
      if (code === "ABORTED") port?.postMessage({ type: "done", id, finishReason: "aborted", reward: null, tokensPerSecond: 0 });
      else port?.postMessage({ type: "error", id, code, message });
    } finally {
      if (this.#stops.get(id) === stop) this.#stops.delete(id);
    }
  }

  /** @param {object} state */
  #change(state) {
    this.#state = state;
    this.#port?.postMessage(state);
  }

  #stopAll() {
    for (const stop of this.#stops.values()) stop.abort();
  }
}

/**
 * An error in words that cross to another process.
 *
 * @param {unknown} error
 */
function described(error) {
  const { code = "ERROR", message } = /** @type {import("argsearch").ArgsearchError} */ (error);
  return { code, message };
}
