/** How prompts become texts for a policy on a server. */
import type { JsonObject } from "../files/json.js";
import { isJsonObject } from "../files/json.js";
import { ChatFormat } from "../model/chat.js";
import type { ResolvedTemplate } from "../model/template-options.js";
import type { Ends } from "../remote/client.js";
import { requireTokens, shownUrl } from "../remote/options.js";
import type { Prompt } from "../types.js";
import type { ResolvedPolicy } from "./remote-options.js";

/** A prompt as the server gets it. */
export interface PromptText {
  text: string;
  /** What the request says of it. */
  fields: JsonObject;
}

export class RemoteTexts {
  readonly format: ChatFormat;
  readonly chatTemplate: string | null;
  /** What the server puts before each text that begins with it, too; "" where it does not, or is told not to. */
  readonly #beginning: string;
  /** It is asked not to add special tokens to what a template wrote. */
  readonly #tells: boolean;

  constructor(format: ChatFormat, chatTemplate: string | null, beginning: string, tells: boolean) {
    this.format = format;
    this.chatTemplate = chatTemplate;
    this.#beginning = beginning;
    this.#tells = tells;
  }

  /** @throws ArgsearchError PROMPT_EMPTY, TEMPLATE_INVALID, OPTION_INVALID */
  prompt(prompt: Prompt, template: ResolvedTemplate): PromptText {
    const { text, templated } = this.format.render(prompt, template);
    if (!templated) return { text, fields: {} };
    const doubled = this.#beginning !== "" && text.startsWith(this.#beginning);
    return { text: doubled ? text.slice(this.#beginning.length) : text, fields: this.#tells ? { add_special_tokens: false } : {} };
  }
}

/**
 * With the template given, or the one that llama.cpp's server tells of its model.
 *
 * @throws ArgsearchError REMOTE_FAILED for a server that cannot be reached; OPTION_INVALID, TEMPLATE_INVALID, ABORTED
 */
export async function remoteTexts(
  { server, completions: { client } }: ResolvedPolicy,
  given: string | undefined,
  ends: Ends,
): Promise<RemoteTexts> {
  const told = await client.look("/props", undefined, ends);
  const props: JsonObject = isJsonObject(told) && "chat_template" in told ? told : {};
  const isLlama = "chat_template" in props;
  const own = typeof props.chat_template === "string" && props.chat_template !== "" ? props.chat_template : null;
  const chatTemplate = given ?? own;
  const tokens = { ...textsAmong(props), ...server.specialTokens };
  if (chatTemplate !== null) requireTokens(chatTemplate, tokens, "policy");
  const { bos_token: bosText = "", eos_token: eosText = "" } = tokens;
  const path = shownUrl(server.url);
  const templateOption = given === undefined ? undefined : "chatTemplate";
  const format = new ChatFormat({ path, chatTemplate, bosText, eosText, specialTokens: tokens, templateOption });
  format.check();
  const adds = isLlama && bosText !== "" && (await addsBeginning(client.look("/tokenize", { content: "", add_special: true }, ends)));
  return new RemoteTexts(format, chatTemplate, adds ? bosText : "", !isLlama);
}

function textsAmong({ bos_token, eos_token }: JsonObject): Record<string, string> {
  return {
    ...(typeof bos_token === "string" && { bos_token }),
    ...(typeof eos_token === "string" && { eos_token }),
  };
}

async function addsBeginning(answer: Promise<unknown>): Promise<boolean> {
  const told = await answer;
  return isJsonObject(told) && Array.isArray(told.tokens) && told.tokens.length > 0;
}
