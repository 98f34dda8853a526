/** The scripts do in real shells what they are for. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { argsearch, root, scratch } from "./run.js";

const installed = (shell: string): boolean => spawnSync(shell, ["-c", "true"]).status === 0;
const script = (shell: string): string =>
  execFileSync(process.execPath, [join(root, "dist", "cli.js"), "completion", shell], { encoding: "utf8" });

/** What lies below the folder that is completed in. */
async function folderOfFiles(): Promise<string> {
  const folder = await scratch();
  await writeFile(join(folder, "policy one.gguf"), "");
  await writeFile(join(folder, "prompts.jsonl"), "");
  await mkdir(join(folder, "models"));
  return folder;
}

describe.skipIf(!installed("bash"))("bash", () => {
  let text: string;
  beforeAll(() => {
    text = script("bash");
  });

  /** As readline calls it, with words as bash cuts them: "=" stands alone. */
  function completed(words: readonly string[], cwd = root): string[] {
    const program = `${text}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _argsearch; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync("bash", ["--norc", "-c", program, "bash", "argsearch", ...words], { cwd, encoding: "utf8" });
    expect(stderr).toBe("");
    return stdout.split("\n").filter((line) => line !== "");
  }

  it.each<[line: string, expected: string[]]>([
    ["gen", ["generate"]],
    ["re", ["reward"]],
    ["reward ", ["import", "fit", "attach", "predict"]],
    ["convert h", ["hf"]],
    ["generate --meth", ["--method"]],
    ["generate --method ", ["args", "blocks", "greedy", "sample"]],
    ["generate --method b", ["blocks"]],
    ["generate --method = s", ["sample"]],
    ["generate --prompt score --kv-type q", ["q8_0"]],
    ["generate --block ", ["response"]],
    ["generate --weight ", []],
    ["generate --template au", ["auto"]],
    ["score --format con", ["conversation"]],
    ["reward import --row ", []],
    ["completion ", ["bash", "zsh", "fish"]],
    ["--ver", ["--version"]],
    ["eval --me", ["--metric", "--methods"]],
  ])("completes argsearch %s", (line, expected) => {
    expect(completed(line.split(" ").filter((word, at, all) => word !== "" || at === all.length - 1))).toEqual(expected);
  });

  it("knows every command and flag of the help", async () => {
    const { stdout } = await argsearch(["generate", "--help"]);
    const flags = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag);
    expect(flags.length).toBeGreaterThan(50);
    expect(completed(["generate", "--"]).sort()).toEqual(flags.sort());
    const help = (await argsearch(["--help"])).stdout;
    const commands = [...help.slice(help.indexOf("Commands:")).matchAll(/^ {2}(\w+)/gm)]
      .map(([, name]) => name)
      .filter((name) => name !== "help");
    expect(completed([""])).toEqual(commands);
  });

  it.each([
    [
      ["generate", "--policy", "p"],
      ["policy one.gguf", "prompts.jsonl"],
    ],
    [["generate", "-i", "prom"], ["prompts.jsonl"]],
    [["generate", "--reward", "mod"], ["models"]],
    [["inspect", "policy"], ["policy one.gguf"]],
    [["generate", "--count", "p"], []],
  ])("completes files where files are wanted: %j", async (words, expected) => {
    expect(completed(words, await folderOfFiles()).sort()).toEqual(expected);
  });

  it("takes the script at its word, also as bash 3 would", () => {
    expect(spawnSync("bash", ["-n"], { input: text }).status).toBe(0);
    expect(text).not.toMatch(/declare -A|mapfile|\$\{\w+(,,|\^\^)\}/);
  });
});

describe("zsh", () => {
  it.skipIf(!installed("zsh"))("takes the script at its word", () => {
    const { status, stderr } = spawnSync("zsh", ["-n"], { input: script("zsh"), encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  it("gets a function for every command, with its values and files", () => {
    const text = script("zsh");
    expect(text).toMatch(/^#compdef argsearch\n/);
    for (const name of ["", "_generate", "_reward", "_reward_fit"]) expect(text).toMatch(new RegExp(`^_argsearch${name}\\(\\) {$`, "m"));
    expect(text).toContain(`'*'--method'[reward-guided search or a baseline (default\\: args]:value:(args blocks greedy sample)'`);
    expect(text).toMatch(/'\*'{-m,--policy}'\[policy, a file or hf\\:OWNER\/REPO\\:QUANT \(default\\: the embedded pair\)\]:value:_files'/);
  });
});

describe("fish", () => {
  it.skipIf(!installed("fish"))("completes commands, flags and values", () => {
    const complete = (line: string): string[] => {
      const { stdout } = spawnSync("fish", ["--no-config", "-c", `source; complete -C '${line}'`], {
        input: script("fish"),
        encoding: "utf8",
      });
      return stdout.split("\n").flatMap((each) => each.split("\t")[0] || []);
    };
    expect(complete("argsearch gen")).toEqual(["generate"]);
    expect(complete("argsearch generate --meth")).toEqual(["--method"]);
    expect(complete("argsearch generate --method ").sort()).toEqual(["args", "blocks", "greedy", "sample"]);
    expect(complete("argsearch reward ").sort()).toEqual(["attach", "fit", "import", "predict"]);
  });

  it("gets a line for every flag", () => {
    const text = script("fish");
    expect(text).toContain(
      "complete -c argsearch -n '__fish_seen_subcommand_from generate' -l method -x -a 'args blocks greedy sample' -d ",
    );
    expect(text).toContain(
      "-n '__fish_seen_subcommand_from reward; and not __fish_seen_subcommand_from import fit attach predict' -a fit -d ",
    );
  });
});

describe("the command", () => {
  it("says where the script goes, and knows its shells", async () => {
    const { stdout } = await argsearch(["completion", "--help"]);
    expect(stdout).toContain("$ argsearch completion bash > ~/.local/share/bash-completion/completions/argsearch\n");
    for (const args of [["completion"], ["completion", "tcsh"]]) expect(await argsearch(args)).toMatchObject({ code: 2, stdout: "" });
  });
});
