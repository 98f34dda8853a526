/** Templates with what jinja2 3.1, set up as transformers does it, makes of them: test/slow/templates asks it again. */
import { readFileSync } from "node:fs";

export interface Construct {
  template: string;
  /** What it writes; absent where it fails. */
  text?: string;
  /** What jinja2 says where it fails. */
  error?: string;
}

interface Constructs {
  /** Year, month, day, hour, minute, second: what strftime_now() takes for the present time. */
  now: number[];
  values: Record<string, unknown>;
  constructs: Construct[];
}

export const { now, values, constructs } = JSON.parse(readFileSync(new URL("constructs.json", import.meta.url), "utf8")) as Constructs;
