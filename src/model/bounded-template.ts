/** Jinja with bounds: a chat template comes with a model file, and whoever made that must not stop or end the process. */
import { createContext, Script } from "node:vm";
import { Environment, Interpreter, parse, Template, tokenize } from "@huggingface/jinja";

/** Far beyond what any real template or conversation takes. */
export const TEMPLATE_LIMITS = {
  /** Characters of a template. */
  source: 1 << 20,
  /** Characters of a text, beyond four times those of the messages, in all that a template makes. */
  text: 1 << 22,
  /** Items of an array. */
  items: 100_000,
  /** Milliseconds of reading, and of rendering, a template. */
  ms: 5000,
} as const;

/**
 * A template whose work is bounded in time, and in the size of each value. What it piles up in many large values is not:
 * it may take memory for as long as the time allows.
 */
export class BoundedTemplate {
  readonly #program: unknown;
  readonly #ms: number;

  /** @throws Error for a template that is too long or cannot be read */
  constructor(source: string, ms: number = TEMPLATE_LIMITS.ms) {
    requireAtMost(TEMPLATE_LIMITS.source, source.length, "it is longer than", "characters");
    this.#ms = ms;
    this.#program = inTime(ms, () => parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true })));
  }

  /** `inputs`: characters of what is rendered. @throws Error for what the template refuses, and beyond the bounds */
  render(values: Readonly<Record<string, unknown>>, inputs: number): string {
    const environment = new Environment();
    for (const [name, value] of Object.entries({ ...GLOBALS, ...values })) environment.set(name, value);
    const interpreter = new BoundedInterpreter(environment, TEMPLATE_LIMITS.text + 4 * inputs);
    return inTime(this.#ms, () => String(interpreter.run(this.#program).value));
  }
}

/** As the library has it; its own types do not resolve for Node's ES modules. */
interface JinjaInterpreter {
  evaluate(statement: unknown, environment: unknown): { value: unknown };
  run(program: unknown): { value: unknown };
}
const JinjaInterpreter = Interpreter as new (environment: Environment) => JinjaInterpreter;

class BoundedInterpreter extends JinjaInterpreter {
  readonly #mostText: number;

  constructor(environment: Environment, mostText: number) {
    super(environment);
    this.#mostText = mostText;
  }

  override evaluate(statement: unknown, environment: unknown): { value: unknown } {
    const result = super.evaluate(statement, environment);
    const value = (result as { value: unknown } | undefined)?.value; // undefined for "[] | first"
    if (typeof value === "string") requireAtMost(this.#mostText, value.length, "it makes a text of more than", "characters");
    if (Array.isArray(value)) requireAtMost(TEMPLATE_LIMITS.items, value.length, "it makes an array of more than", "items");
    return result;
  }
}

/** What the library gives to templates, except that range() is bounded. */
const GLOBALS: Readonly<Record<string, unknown>> = {
  ...{ false: false, true: true, none: null, False: false, True: true, None: null },
  raise_exception: (message: string): never => {
    throw new Error(message);
  },
  range: boundedRange,
  strftime_now: (format: string): string => NOW.render({ format }),
};

const NOW = new Template("{{ strftime_now(format) }}");

/** Python's range(). */
function boundedRange(first: number, second?: number | null, step = 1): number[] {
  const [start, stop] = second === undefined || second === null ? [0, first] : [first, second];
  if (step === 0) throw new Error("range() step must not be zero");
  const length = Math.max(0, Math.ceil((stop - start) / step));
  requireAtMost(TEMPLATE_LIMITS.items, length, "it asks for a range() of more than", "items");
  return Array.from({ length }, (_, index) => start + index * step);
}

function requireAtMost(most: number, length: number, what: string, unit: string): void {
  if (length > most) throw new Error(`${what} ${most} ${unit}`);
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
