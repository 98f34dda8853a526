import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { argsearch } from "./run.js";

const COMMANDS = [["generate"], ["score"], ["chat"], ["inspect"], ["devices"], ["completion"], ["reward", "attach"]];
const ESCAPE = "\u001b";

describe("help", () => {
  it.each(COMMANDS)("%s %s has examples", async (...command) => {
    const { code, stdout, stderr } = await argsearch([...command.filter(Boolean), "--help"]);
    expect(code).toBe(0);
    expect(stderr).toBe("");
    expect(stdout).toMatch(new RegExp(`^Usage: argsearch ${command.filter(Boolean).join(" ")}`));
    expect(stdout).toContain("Examples:\n  $ argsearch ");
  });

  it.each([
    ["generate", /0\.8 for args, blocks without a grammar; else 0 = off/, /policy; reward for greedy, sample/],
    ["chat", /0\.8 for args, blocks without a grammar; else 0 = off/, /policy; reward for greedy, sample/],
    ["eval", /0 = off, as in the paper/, /reward, as in the paper/],
    ["tune", /0\.8; 0 = off/, /policy\)/],
  ])("%s says how it keeps answers from loops, and who ends them", async (command, dry, ending) => {
    const { stdout } = await argsearch([command, "--help"]);
    const described = (flag: string): string => stdout.slice(stdout.indexOf(flag)).split(/\n +-/)[0]?.replace(/\s+/g, " ") ?? "";
    expect(described("--dry-multiplier")).toMatch(dry);
    expect(described("--ending")).toMatch(ending);
  });

  it("lists the commands", async () => {
    const { code, stdout } = await argsearch(["--help"]);
    expect(code).toBe(0);
    for (const [command = ""] of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command}`, "m"));
  });

  it("knows its version", async () => {
    const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };
    for (const flag of ["--version", "-v", "-V"]) {
      expect(await argsearch([flag])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
    }
  });

  it.each([[], ["generate"], ["reward", "fit"], ["completion"]])("%s %s ends with where the documentation is", async (...command) => {
    const { homepage } = createRequire(import.meta.url)("../../package.json") as { homepage: string };
    const { stdout } = await argsearch([...command.filter(Boolean), "--help"]);
    expect(stdout.endsWith(`\n\nDocumentation: ${homepage}\n`)).toBe(true);
  });
});

describe("wrong usage", () => {
  it.each([
    ["an unknown command", ["generat"]],
    ["an unknown option", ["generate", "--wieght", "1"]],
    ["a missing value", ["generate", "--prompt"]],
    ["an unknown choice", ["generate", "--method", "fast"]],
    ["a number that is none", ["generate", "--weight", "10x"]],
    ["NaN", ["generate", "--weight", "NaN"]],
    ["a fraction of a token", ["generate", "--max-tokens", "1.5"]],
    ["a surplus argument", ["generate", "Hello", "there"]],
    ["a surplus argument of a command without any", ["devices", "Hello"]],
    ["a missing file argument", ["inspect"]],
    ["a missing required flag", ["reward", "attach", "--model", "x.gguf"]],
    ["a bad reward weight", ["generate", "--reward", "package.json=x"]],
    ["a bad weight of a file that is not there", ["generate", "Hello", "--reward", "x.gguf=abc"]],
    ["a bad label weight", ["generate", "Hello", "--label", "kind=abc"]],
    ["a bad bias", ["generate", "Hello", "--logit-bias", "15043+abc"]],
    ["a shell that has no completion", ["completion", "tcsh"]],
  ])("%s ends with 2 and one line", async (_name, args) => {
    const { code, stdout, stderr } = await argsearch(args);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^argsearch: [^\n]+ \[OPTION_INVALID\]\n$/);
  });

  it.each([
    [
      "--reward",
      "x.gguf=abc",
      /'-r, --reward <file\[=weight\]>'.* A weight is a number, such as 0\.7 or -1, not "abc"\. There is no file "x\.gguf=abc"\./,
    ],
    ["--label", "kind=abc", /'--label <name=weight>'.* A weight is a number, such as 0\.7 or -1, not "abc"\./],
    ["--logit-bias", "15043+abc", /'-l, --logit-bias <id\+x>'.* such as 15043-2\.5, got "15043\+abc"/],
  ])("says of %s %s what it should look like", async (flag, value, message) => {
    expect((await argsearch(["generate", "Hello", flag, value])).stderr).toMatch(message);
  });

  it("suggests what was meant", async () => {
    expect((await argsearch(["generate", "--wieght", "1"])).stderr).toContain("--weight");
  });

  it("shows the help when there is no command", async () => {
    const { code, stderr } = await argsearch([]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^Usage: argsearch /);
  });
});

describe("colours", () => {
  it("need a terminal", async () => {
    expect((await argsearch(["--help"])).stdout).not.toContain(ESCAPE);
  });

  it("come with FORCE_COLOR, but not against NO_COLOR", async () => {
    expect((await argsearch(["--help"], { env: { FORCE_COLOR: "1" } })).stdout).toContain(ESCAPE);
    expect((await argsearch(["--help"], { env: { FORCE_COLOR: "0" } })).stdout).not.toContain(ESCAPE);
    expect((await argsearch(["--help"], { env: { NO_COLOR: "1" } })).stdout).not.toContain(ESCAPE);
  });
});
