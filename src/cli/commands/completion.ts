import { Argument, type Command } from "commander";
import { bashCompletion } from "../completion/bash.js";
import { fishCompletion } from "../completion/fish.js";
import { knownCommand } from "../completion/known.js";
import { zshCompletion } from "../completion/zsh.js";
import { addExamples } from "../flags/flags.js";
import { print } from "../terminal/output.js";

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/** It looks at the program when it runs, whatever is added behind it. */
export function addCompletion(program: Command): void {
  const shells = Object.keys(SHELLS);
  const command = program
    .command("completion")
    .description(
      "Print a script by which a shell completes commands, flags and their values. Write it to where the shell looks for such scripts, and open a new shell.",
    )
    .addArgument(new Argument(`<${shells.join("|")}>`, "the shell").choices(shells));
  addExamples(command, [
    "completion bash > ~/.local/share/bash-completion/completions/argsearch",
    'completion zsh > "$fpath[1]/_argsearch"',
    "completion fish > ~/.config/fish/completions/argsearch.fish",
  ]);
  command.action((shell: keyof typeof SHELLS) => print(SHELLS[shell](program.name(), knownCommand(program))));
}
