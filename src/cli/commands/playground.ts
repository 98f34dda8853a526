/** `argsearch playground`: a server of one's own and its page in the browser. */
import type { Command } from "commander";
import { addExamples } from "../flags/flags.js";
import { addServeFlags, type ServeFlags } from "../flags/serve.js";
import { openBrowser } from "../terminal/open-browser.js";
import { serve } from "./serve.js";

export function addPlayground(program: Command): void {
  const command = program
    .command("playground")
    .description("A page in the browser: a plain and a guided answer side by side, each token in the colour of its reward.")
    .option("--no-open", "only print the page's address");
  addServeFlags(command, 0);
  addExamples(command, ["playground", "playground --policy policy.gguf --reward reward.gguf"]);
  command.action((flags: ServeFlags & { open: boolean }) => serve(flags, ({ url }) => (flags.open ? openBrowser(`${url}/`) : undefined)));
}
