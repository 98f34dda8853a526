/** How the answers of a chat are decoded, as it was started and as slash commands change it. */
import { limitsOf, type ResolvedGenerate, resolveGenerate } from "../../decode/options.js";
import { SETTING_NAMES, withSettings } from "../../decode/settings.js";
import { ArgsearchError, type Decoder, type DecodingSettings, type GenerateOptions, type TemplateOptions } from "../../index.js";

/** Options that have a slash command, by which messages call them. */
const COMMANDS: Readonly<Record<string, string>> = { weight: "/weight", topK: "/top-k", temperature: "/temperature", method: "/method" };

export class ChatSettings {
  readonly #limits: Parameters<typeof resolveGenerate>[1];
  /** Below the options, as those of load(). */
  #defaults: DecodingSettings;
  #options: GenerateOptions;

  /** @throws ArgsearchError OPTION_INVALID, as every response would */
  constructor({ info }: Decoder, defaults: DecodingSettings, options: GenerateOptions) {
    this.#limits = limitsOf(info);
    this.#defaults = defaults;
    this.#options = options;
    this.resolved();
  }

  get rewarded(): boolean {
    return this.#limits.rewarded;
  }

  /** What a response is to be decoded with. */
  get options(): GenerateOptions {
    return withSettings(this.#defaults, this.#options);
  }

  /** What a greedy response is to be decoded with: nothing of what chooses among candidates. */
  get greedy(): GenerateOptions {
    return withSettings({ method: "args", ...this.named }, { ...othersOf(this.#options), method: "greedy" });
  }

  /** How prompts become texts. */
  get template(): TemplateOptions {
    const { template, templateVariables, date } = this.#options;
    return { template, templateVariables, date };
  }

  /** A method was asked for. */
  get methodNamed(): boolean {
    return this.options.method !== undefined;
  }

  /** With all defaults. */
  resolved(options: GenerateOptions = this.options): ResolvedGenerate {
    return resolveGenerate(options, this.#limits);
  }

  /** What a file keeps: everything that was named. */
  get named(): DecodingSettings {
    return settingsOf(this.options);
  }

  /** @throws ArgsearchError OPTION_INVALID, in the words of the slash commands; then nothing has changed */
  change(change: GenerateOptions): void {
    this.#take(this.#defaults, { ...this.#options, ...change }, inCommands);
  }

  /** Other settings in place of all that were named; `refused` makes the error. */
  replace(settings: DecodingSettings, refused: (error: ArgsearchError) => ArgsearchError): void {
    this.#take({}, { ...othersOf(this.#options), ...settings }, refused);
  }

  #take(defaults: DecodingSettings, options: GenerateOptions, refused: (error: ArgsearchError) => ArgsearchError): void {
    try {
      resolveGenerate(withSettings(defaults, options), this.#limits);
    } catch (error) {
      throw error instanceof ArgsearchError ? refused(error) : error;
    }
    this.#defaults = defaults;
    this.#options = options;
  }
}

function settingsOf(options: GenerateOptions): DecodingSettings {
  const entries = SETTING_NAMES.map((name) => [name, options[name]] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** What no file of settings holds. */
function othersOf(options: GenerateOptions): GenerateOptions {
  const settings: readonly string[] = SETTING_NAMES;
  return Object.fromEntries(Object.entries(options).filter(([name]) => !settings.includes(name)));
}

function inCommands(error: ArgsearchError): ArgsearchError {
  const command = COMMANDS[error.option ?? ""];
  return command === undefined ? error : error.rephrased(error.message.replace(error.option ?? "", command));
}
