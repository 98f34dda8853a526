/** The flags that say how prompts become texts, and the library options they stand for. */
import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { ArgsearchError, EMBEDDED, type RewardAt, type RewardTerm, type TemplateOptions } from "../../index.js";
import { BoundedTemplate } from "../../model/bounded-template.js";

export interface TemplateFlags extends Pick<TemplateOptions, "date"> {
  template?: { mode: "auto" | "none"; text?: string; path?: string };
  templateVariable?: Record<string, unknown>;
}

/** A template with the place of the reward model it is for. */
export interface RewardTemplate {
  /** Index among the --reward flags. */
  reward: number;
  text: string;
  path: string;
}

export interface RewardTemplateFlags {
  rewardTemplate?: RewardTemplate[];
}

/** `whose`: what a file's template is for. */
export function addTemplateFlags(command: Command, whose: string): void {
  command
    .option(
      "--template <auto|none|file>",
      `each model's own chat template, the text as it is, or a Jinja file for ${whose} (default: auto)`,
      template,
    )
    .option("--template-variable <name=value>", "for the templates, JSON or text: enable_thinking=false; repeatable", variable)
    .option("--date <time>", "what templates take for the present time, ISO 8601 (default: now)");
}

/** The policy's chat template alone: what a call may say is each request's own. */
export function addPolicyTemplateFlag(command: Command): void {
  command.option("--template <file>", "chat template, Jinja, for the policy (default: its file's own)", template);
}

/** `placeOf`: the --reward before it. */
export function addRewardTemplateFlag(command: Command, placeOf: () => number): void {
  command.option(
    "--reward-template <file>",
    "chat template, Jinja, for the --reward before it; repeatable",
    (path: string, previous: RewardTemplate[] = []) => [
      ...previous,
      { reward: placeOf(), text: readTemplate("--reward-template", path), path },
    ],
  );
}

export function rewardAtFlag(): Option {
  const description =
    "a whole response's reward: at its last token, or where its turn ends (default: as the reward model's file says, else last)";
  return new Option("--reward-at <last|end>", description).choices(["last", "end"] satisfies RewardAt[]);
}

/** Options of every call that reads prompts. */
export function templateOptions({ template, templateVariable, date }: TemplateFlags): TemplateOptions {
  return { template: template?.mode, templateVariables: templateVariable, date };
}

/** The files that templates were read from. */
export function templateFiles({ template, rewardTemplate = [] }: TemplateFlags & RewardTemplateFlags): string[] {
  return [template, ...rewardTemplate].flatMap((each) => each?.path ?? []);
}

/** Reward terms with the templates that flags give them; `common` is for those that have none. @throws ArgsearchError OPTION_INVALID */
export function withTemplates(
  terms: RewardTerm[] | undefined,
  { rewardTemplate = [] }: RewardTemplateFlags,
  common?: string,
): RewardTerm[] | undefined {
  if (rewardTemplate.length === 0 && common === undefined) return terms;
  if (rewardTemplate.length > 0 && terms === undefined) {
    throw new ArgsearchError("OPTION_INVALID", "--reward-template needs the --reward it belongs to");
  }
  const own = new Map(rewardTemplate.map(({ reward, text }) => [reward, text]));
  const all: readonly RewardTerm[] = terms ?? [{ reward: EMBEDDED.reward }];
  return all.map((term, place) => ({ ...term, chatTemplate: own.get(place) ?? common }));
}

function template(text: string): TemplateFlags["template"] {
  return text === "auto" || text === "none" ? { mode: text } : { mode: "auto", text: readTemplate("--template", text), path: text };
}

/** Read at once, so that what is wrong with it names the file. @throws ArgsearchError TEMPLATE_INVALID */
function readTemplate(flag: string, path: string): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    throw new InvalidArgumentError(`A template is read from a file: ${(error as Error).message}.`);
  }
  try {
    new BoundedTemplate(text);
  } catch (cause) {
    throw new ArgsearchError("TEMPLATE_INVALID", `${flag} ${path} is no chat template: ${(cause as Error).message}`, { cause });
  }
  return text;
}

function variable(text: string, previous: Record<string, unknown> = {}): Record<string, unknown> {
  const split = text.indexOf("=");
  if (split < 1) throw new InvalidArgumentError(`Expected NAME=VALUE, got "${text}".`);
  return { ...previous, [text.slice(0, split)]: jsonOrText(text.slice(split + 1)) };
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
