/** Jinja with bounds: a chat template comes with a model file, and whoever made that must not stop or end the process. */
import { createContext, Script } from "node:vm";
import { Template } from "../jinja/template.js";
import { type Text, withTextsUpTo } from "../jinja/text.js";
import type { Value } from "../jinja/values.js";

/** Far beyond what any real template or conversation takes. Arrays have a bound of jinja2's own: see MOST_ITEMS. */
export const TEMPLATE_LIMITS = {
  /** Characters of a template. */
  source: 1 << 20,
  /** Characters of a text, beyond four times those of the messages, in all that a template makes. */
  text: 1 << 22,
  /** Milliseconds of reading, and of rendering, a template. */
  ms: 5000,
} as const;

/**
 * A template whose work is bounded in time, and in the size of each value. What it piles up in many large values is not:
 * it may take memory for as long as the time allows.
 */
export class BoundedTemplate {
  readonly #template: Template;
  readonly #ms: number;

  /** @throws Error for a template that is too long or cannot be read */
  constructor(source: string, ms: number = TEMPLATE_LIMITS.ms) {
    if (source.length > TEMPLATE_LIMITS.source) throw new Error(`it is longer than ${TEMPLATE_LIMITS.source} characters`);
    this.#ms = ms;
    this.#template = inTime(ms, () => new Template(source));
  }

  /** `inputs`: characters of what is rendered. @throws Error for what the template refuses, and beyond the bounds */
  render(values: Readonly<Record<string, Value>>, inputs: number, now: Date = new Date()): Text {
    return inTime(this.#ms, () => withTextsUpTo(TEMPLATE_LIMITS.text + 4 * inputs, () => this.#template.render(values, now)));
  }
}

const WORK = new Script("work()");
const room: { work: () => unknown } = { work: () => undefined };
createContext(room);

/** Runs synchronous work, and ends it where it takes too long: a script's time limit holds for all that the script calls. */
function inTime<T>(ms: number, work: () => T): T {
  room.work = work;
  try {
    return WORK.runInContext(room, { timeout: ms, displayErrors: false }) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    throw new Error(`it takes longer than ${ms / 1000} seconds`);
  } finally {
    room.work = () => undefined;
  }
}
