/** `argsearch serve`, and what `argsearch playground` has in common with it. */
import type { Command } from "commander";
import type { Decoder } from "../../index.js";
import { isLocal } from "../../server/guards.js";
import { createServer, type Listening, type Server } from "../../server/index.js";
import { addExamples } from "../flags/flags.js";
import { addServeFlags, type ServeFlags, serveLoadOptions, serverOptions } from "../flags/serve.js";
import { milliseconds } from "../flags/values.js";
import { reportError } from "../terminal/failure.js";
import { plural } from "../terminal/format.js";
import { interruptible } from "../terminal/interrupt.js";
import { note, print } from "../terminal/output.js";
import { logTo, withDecoder } from "./session.js";

export function addServe(program: Command): void {
  const command = program
    .command("serve")
    .description("An OpenAI-compatible server whose answers a reward guides, with a page to play with.");
  addServeFlags(command, 8080);
  addExamples(command, [
    "serve",
    "serve --policy policy.gguf --reward reward.gguf --slots 8 --weight 0.4",
    "serve --policy policy.gguf --reward helpful.gguf=0.7 --reward harmless.gguf=0.3 --gate entropy=1 --port 9000",
    "serve --host 0.0.0.0 --api-key secret --cors https://app.example.com",
  ]);
  command.addHelpText(
    "after",
    `
Ask it (any OpenAI client: base URL http://127.0.0.1:8080/v1):
  $ curl http://127.0.0.1:8080/v1/chat/completions -H 'content-type: application/json' \\
      -d '{"messages": [{"role": "user", "content": "Hello"}], "argsearch": {"weight": 0.6}}'`,
  );
  command.action((flags: ServeFlags) => serve(flags));
}

/** `opened` is called when the models are loaded. Ends when a signal says so, after the requests under way. */
export async function serve(flags: ServeFlags, opened: (at: Listening) => void = () => {}): Promise<void> {
  logTo(flags.verbose);
  const options = await serveLoadOptions(flags);
  let ready: (decoder: Decoder) => void = () => {};
  let failed: (error: unknown) => void = () => {};
  const decoder = new Promise<Decoder>((resolve, reject) => {
    [ready, failed] = [resolve, reject];
  });
  const serving = serverOptions(flags);
  const server = createServer({ ...serving, decoder, onError: (error) => reportError(error) });
  const at = await server.listen({ port: flags.port, host: flags.host });
  if (!isLocal(flags.host) && serving.apiKey.length === 0)
    note(`anyone who reaches ${flags.host} can ask this server: give it --api-key`, true);
  note(`listening on ${at.url}, loading`);
  try {
    await withDecoder(options, async (loaded) => {
      ready(loaded);
      await print(greeting(loaded, at));
      opened(at);
      await untilStopped(server, milliseconds(flags.drainTimeout) ?? 0);
    });
  } catch (error) {
    failed(error);
    throw error;
  } finally {
    await server.close(0);
  }
}

/** A first signal lets requests end, a second one ends the program. An orderly end is no failure. */
async function untilStopped(server: Server, patience: number): Promise<void> {
  await interruptible(async (signal) => {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    note("stopping: waiting for the requests under way", true);
    await server.close(patience);
  });
  process.exitCode = 0;
}

function greeting({ info }: Decoder, { url }: Listening): string {
  const { policy, rewards, slots, contextSize } = info;
  const guided = rewards.length === 0 ? "no reward: plain decoding alone" : `guided by ${rewards.map(({ path }) => path).join(", ")}`;
  const lines = [`${policy.path}, ${guided}`, `${plural(slots, "slot")} of ${contextSize} tokens`, `OpenAI API ${url}/v1`, `page ${url}/`];
  return `${lines.join("\n")}\n`;
}
