import { createInterface, type Interface } from "node:readline/promises";
import type { Command } from "commander";
import { textLines } from "../../files/lines.js";
import { ArgsearchError, type ChatMessage, type Decoder, type GenerateResult } from "../../index.js";
import {
  addDecodingFlags,
  addExamples,
  addIsolateFlag,
  addModelFlags,
  addPolicyFlag,
  addRewardFlags,
  type DecodingFlags,
  generateOptions,
  type LoadFlags,
  loadOptions,
} from "../flags/flags.js";
import { addTemplateFlags } from "../flags/templates.js";
import { EXIT, isAborted, reportError } from "../terminal/failure.js";
import { mean, reward, textRewards } from "../terminal/format.js";
import { note, print } from "../terminal/output.js";
import { streamText } from "../terminal/stream-text.js";
import { type Conversation, runSlashCommand } from "./chat-commands.js";
import { logTo, withDecoder } from "./session.js";

interface ChatFlags extends LoadFlags, DecodingFlags {
  system?: string;
}

export function addChat(program: Command): void {
  const command = program
    .command("chat")
    .description("Talk to the models: several turns, each decoding only what is new. /help lists the commands.")
    .option("--system <text>", "a system message before the conversation");
  addPolicyFlag(command);
  addRewardFlags(command);
  addDecodingFlags(command);
  addTemplateFlags(command, "the policy");
  addModelFlags(command);
  addIsolateFlag(command);
  addExamples(command, ["chat", "chat --policy policy.gguf --reward reward.gguf --weight 0.4", "chat < questions.txt"]);
  command.action(chat);
}

function chat(flags: ChatFlags): Promise<void> {
  logTo(flags.verbose);
  const opening: ChatMessage[] = flags.system === undefined ? [] : [{ role: "system", content: flags.system }];
  return withDecoder(loadOptions(flags), (decoder) => {
    const rewarded = decoder.info.objectives.length > 0;
    const conversation: Conversation = { opening, messages: opening, options: generateOptions(flags), rewarded, over: false };
    return new Chat(decoder, conversation, flags.verbose === true).run();
  });
}

/** One conversation over standard input: a terminal, or a pipe with one user turn a line. */
class Chat {
  readonly #decoder: Decoder;
  readonly #conversation: Conversation;
  readonly #verbose: boolean;
  readonly #interactive = process.stdin.isTTY === true && process.stderr.isTTY === true;
  /** Undefined for a pipe. */
  readonly #terminal: Interface | undefined;
  #answering: AbortController | undefined;
  #warned = false;

  constructor(decoder: Decoder, conversation: Conversation, verbose: boolean) {
    this.#decoder = decoder;
    this.#conversation = conversation;
    this.#verbose = verbose;
    const input = { input: process.stdin, output: process.stderr, terminal: true, prompt: "> " };
    this.#terminal = this.#interactive ? createInterface(input) : undefined;
  }

  async run(): Promise<void> {
    // A terminal hands Ctrl-C to readline as a key, a pipe to the process as a signal.
    this.#terminal?.on("SIGINT", this.#interrupt);
    process.on("SIGINT", this.#interrupt);
    note("/help lists the commands, Ctrl-D leaves");
    this.#ask();
    for await (const line of this.#terminal ?? textLines(process.stdin)) {
      await this.#turn(line.trim());
      if (this.#conversation.over) break;
      this.#ask();
    }
    process.off("SIGINT", this.#interrupt);
    this.#terminal?.close();
    if (this.#interactive && !this.#conversation.over) process.stderr.write("\n");
  }

  #ask(): void {
    this.#terminal?.prompt();
  }

  async #turn(line: string): Promise<void> {
    this.#warned = false;
    if (line === "") return;
    try {
      if (line.startsWith("/")) note(runSlashCommand(this.#conversation, line));
      else await this.#answer(line);
    } catch (error) {
      // Someone at a terminal can try again; a script should know.
      if (!this.#interactive) throw error;
      if (!isAborted(error)) reportError(error);
    }
  }

  async #answer(content: string): Promise<void> {
    const messages: ChatMessage[] = [...this.#conversation.messages, { role: "user", content }];
    this.#answering = new AbortController();
    try {
      const { signal } = this.#answering;
      const result = await streamText(this.#decoder.stream(messages, { ...this.#conversation.options, signal }));
      await print("\n");
      this.#conversation.messages = [...messages, { role: "assistant", content: result.text }];
      note(this.#summary(result), this.#verbose);
    } catch (error) {
      throw this.#withWayOut(error);
    } finally {
      this.#answering = undefined;
    }
  }

  /** A conversation that has grown too long can be forgotten; a first message that is too long by itself cannot. */
  #withWayOut(error: unknown): unknown {
    const { messages, opening } = this.#conversation;
    if (!(error instanceof ArgsearchError) || error.code !== "PROMPT_TOO_LONG" || messages.length === opening.length) return error;
    return error.rephrased(`${error.message} /reset starts anew.`);
  }

  #summary(result: GenerateResult): string {
    const { reward: last, finishReason, usage } = result;
    const parts = [`reward ${reward(last)}, average ${reward(mean(textRewards(result)))}`];
    if (finishReason === "aborted") parts.push("stopped");
    if (finishReason === "context") parts.push("the context is full: /reset starts anew");
    if (this.#verbose) parts.push(`${usage.cachedTokens} of ${usage.promptTokens} prompt tokens cached`);
    return parts.join(" · ");
  }

  /** Ctrl-C: stops the answer; without one, a second leaves. A script's conversation is over at the first. */
  readonly #interrupt = (): void => {
    if (!this.#interactive) {
      process.exitCode = EXIT.INTERRUPTED;
      this.#conversation.over = true;
    }
    if (this.#answering) this.#answering.abort();
    else if (!this.#interactive || this.#warned) process.exit(EXIT.INTERRUPTED);
    else {
      this.#warned = true;
      note("\nCtrl-C again, Ctrl-D or /exit leaves");
      this.#ask();
    }
  };
}
