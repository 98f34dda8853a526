/** A chat as a file: its messages as OpenAI's API takes them, and how they were answered. */
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { messagesField } from "../../data/fields.js";
import { checkSettings } from "../../decode/settings.js";
import type { SettingsModel } from "../../decode/settings-file.js";
import { fingerprint } from "../../files/fingerprint.js";
import { isJsonObject, readJson, toJson } from "../../files/json.js";
import { OutputFile } from "../../files/output-file.js";
import { ArgsearchError, type ChatMessage, type DecoderInfo, type DecodingSettings } from "../../index.js";
import { packageManifest } from "../../package-root.js";
import { filesOf, pathsOf } from "../../reward/reward-info.js";
import { plural } from "../terminal/format.js";
import { invalid } from "./command.js";
import type { ChatSession } from "./session.js";

interface SavedChat {
  argsearch: { version: string };
  /** What answered; an older or foreign file need not tell. */
  models: SettingsModel[];
  settings: DecodingSettings;
  messages: readonly ChatMessage[];
}

/** @throws ArgsearchError OPTION_INVALID for a file that is there already, unless `replace`; FILE_UNWRITABLE, BUSY */
export async function saveChat({ decoder, conversation, settings }: ChatSession, path: string, replace: boolean): Promise<string> {
  const { messages } = conversation;
  const command = replace ? "/save!" : "/save";
  if (path === "") throw invalid(`${command} takes a file's name`);
  if (messages.length === 0) throw invalid("there is nothing to save: nothing was said yet");
  if (!replace && (await exists(path))) throw invalid(`${path} is there already: /save! ${path} replaces it`);
  const chat: SavedChat = {
    argsearch: { version: packageManifest().version },
    models: await modelsOf(decoder.info),
    settings: jsonSettings(settings.named),
    messages,
  };
  const { policy, rewards } = decoder.info;
  const inputs = pathsOf([policy, ...filesOf(rewards)]);
  const file = await OutputFile.open(path, { inputs, option: command });
  try {
    await file.append(toJson(chat));
    await file.commit();
  } finally {
    await file.discard();
  }
  return `saved ${plural(messages.length, "message")} and the settings in ${path}`;
}

/** @throws ArgsearchError FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE; INPUT_INVALID with the file and the field; then nothing has changed */
export async function loadChat({ decoder, conversation, settings }: ChatSession, path: string): Promise<string> {
  if (path === "") throw invalid("/load takes a file's name");
  const file = await readJson(path);
  const { messages, ...rest } = isJsonObject(file) ? file : { messages: file };
  const checked = messagesIn(path, messages);
  if (rest.settings !== undefined) {
    const named = checkSettings(rest.settings, { rewarded: settings.rewarded, path });
    settings.replace(named, ({ message }) => new ArgsearchError("INPUT_INVALID", `${path}: settings.${message}`));
  }
  conversation.replace(checked);
  return [
    `loaded ${plural(checked.length, "message")}${rest.settings === undefined ? "" : " and the settings"} of ${path}`,
    ...(conversation.unanswered ? ["the last one has no answer: /retry gives it one"] : []),
    ...((await sameModels(rest.models, decoder.info)) ? [] : ["other models had answered: a weight means something else for every reward"]),
  ].join("; ");
}

function messagesIn(path: string, messages: unknown): ChatMessage[] {
  try {
    return messagesField({ messages }, "messages");
  } catch (error) {
    throw error instanceof ArgsearchError ? error.rephrased(`${path}: ${error.message}`) : error;
  }
}

async function modelsOf({ policy, rewards }: DecoderInfo): Promise<SettingsModel[]> {
  const printOf = async (path: string) => ({ file: basename(path), fingerprint: await fingerprint(path) });
  const rated = rewards.flatMap(({ path, kind, adapter, base }) => [
    printOf(path).then((print) => (kind === "head" ? print : { ...print, kind })),
    ...[adapter, base?.path].filter((other) => other !== undefined).map(printOf),
  ]);
  return Promise.all([printOf(policy.path), ...rated]);
}

async function sameModels(saved: unknown, info: DecoderInfo): Promise<boolean> {
  if (!Array.isArray(saved)) return true;
  const known = saved.filter(isJsonObject);
  return (await modelsOf(info)).every((own) => known.some((model) => model.fingerprint === own.fingerprint && model.kind === own.kind));
}

/** JSON has no infinity; what bans a token may be called false as well. */
function jsonSettings({ logitBias, ...settings }: DecodingSettings): DecodingSettings {
  if (logitBias === undefined) return settings;
  const entries = Object.entries(logitBias).map(([id, bias]) => [id, bias === Number.NEGATIVE_INFINITY ? false : bias]);
  return { ...settings, logitBias: Object.fromEntries(entries) };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
