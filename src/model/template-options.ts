/** How prompts become texts: defaults and validation. */
import type { TemplateOptions } from "../types.js";
import { given, invalid, type Names, oneOf, plainObject } from "../validate.js";
import { checkValue } from "./check-value.js";

export interface ResolvedTemplate {
  mode: "auto" | "none";
  /** Control tokens that a raw text spells out are meant; default false. */
  special?: boolean | undefined;
  variables: Readonly<Record<string, unknown>>;
  /** What templates take for the present time. */
  date: Date;
}

export const TEMPLATE: Names<TemplateOptions> = { template: true, templateVariables: true, date: true };

/** Variables that are not a caller's to set: what is rendered, and whether an answer follows. */
const RESERVED = ["messages", "add_generation_prompt"];

/** The template's part of options whose names have been checked. `now`: the time where none is given. @throws ArgsearchError OPTION_INVALID */
export function templateOf({ template, templateVariables, date }: TemplateOptions = {}, now: Date = new Date()): ResolvedTemplate {
  return {
    mode: given(template, "auto", (value) => oneOf("template", value, ["auto", "none"])),
    variables: given(templateVariables, {}, (value) => variablesOf("templateVariables", value)),
    date: given(date, now, dateOf),
  };
}

/** @throws ArgsearchError OPTION_INVALID */
export function variablesOf(name: string, value: unknown): Readonly<Record<string, unknown>> {
  const variables = plainObject(name, value);
  const reserved = RESERVED.find((each) => each in variables);
  if (reserved !== undefined) throw invalid(name, `without ${RESERVED.join(" and ")}, which argsearch sets itself`, reserved);
  checkValue(name, variables);
  return variables;
}

/** The present time for what a later run may continue: all runs of a day, in local time, take the same. */
export function today(): Date {
  const date = new Date();
  date.setHours(0, 0, 0, 0);
  return date;
}

export function looksAtClock(templates: readonly (string | null | undefined)[]): boolean {
  return templates.some((template) => template?.includes("strftime_now"));
}

/** What a file that is continued later has to know of the clock: nothing where no template looks at it. Templates write local time. */
export function clockKey(templates: readonly (string | null)[], date: Date): string | null {
  return looksAtClock(templates) ? `${date.toISOString()} ${date.getTimezoneOffset()}` : null;
}

/** A day, or a time with or without its distance to UTC. */
const ISO = /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.]\d+)?)?(Z|[-+]\d\d:\d\d)?)?$/;

/** A day alone is that day's beginning, in local time. @throws ArgsearchError OPTION_INVALID */
export function dateOf(value: Date | string): Date {
  const date = value instanceof Date ? new Date(value) : parsed(value);
  if (Number.isNaN(date.getTime())) throw invalid("date", "a Date or a time in ISO 8601, such as 2025-01-31T12:00", value);
  return date;
}

function parsed(text: unknown): Date {
  const [whole, year, month, day, time] = (typeof text === "string" && ISO.exec(text)) || [];
  // Date takes 30 February for 2 March.
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (whole === undefined || Number(day) > days) return new Date(Number.NaN);
  return new Date(time === undefined ? `${whole}T00:00` : whole);
}
