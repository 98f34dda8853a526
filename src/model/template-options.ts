/** How prompts become texts: defaults and validation. */
import type { TemplateOptions } from "../types.js";
import { given, invalid, type Names, oneOf, plainObject } from "../validate.js";

export interface ResolvedTemplate {
  mode: "auto" | "none";
  variables: Readonly<Record<string, unknown>>;
  /** What templates take for the present time. */
  date: Date;
}

export const TEMPLATE: Names<TemplateOptions> = { template: true, templateVariables: true, date: true };

/** Variables that are not a caller's to set: what is rendered, and whether an answer follows. */
const RESERVED = ["messages", "add_generation_prompt"];

/** The template's part of options whose names have been checked. @throws ArgsearchError OPTION_INVALID */
export function templateOf({ template, templateVariables, date }: TemplateOptions = {}): ResolvedTemplate {
  return {
    mode: given(template, "auto", (value) => oneOf("template", value, ["auto", "none"])),
    variables: given(templateVariables, {}, (value) => variablesOf("templateVariables", value)),
    date: given(date, new Date(), dateOf),
  };
}

/** @throws ArgsearchError OPTION_INVALID */
export function variablesOf(name: string, value: unknown): Readonly<Record<string, unknown>> {
  const variables = plainObject(name, value);
  const reserved = RESERVED.find((each) => each in variables);
  if (reserved !== undefined) throw invalid(name, `without ${RESERVED.join(" and ")}, which argsearch sets itself`, reserved);
  return variables;
}

/**
 * What a file that is continued later has to know of the clock: nothing where no template looks at it, the time that was given,
 * or else the day.
 */
export function clockKey(templates: readonly (string | null)[], date: Date | string | undefined): string | null {
  if (!templates.some((template) => template?.includes("strftime_now"))) return null;
  return date === undefined ? new Date().toDateString() : dateOf(date).toISOString();
}

/** @throws ArgsearchError OPTION_INVALID */
export function dateOf(value: Date | string): Date {
  const date = value instanceof Date || typeof value === "string" ? new Date(value) : new Date(Number.NaN);
  if (Number.isNaN(date.getTime())) throw invalid("date", "a Date or a time in ISO 8601, such as 2025-01-31T12:00", value);
  return date;
}
