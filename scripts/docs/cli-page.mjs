/** docs/cli.md: what `argsearch --help` says of every command. */
import { join } from "node:path";
import { root, run } from "../lib/run.mjs";

const INTRODUCTION = `<!-- Made of \`argsearch COMMAND --help\` by \`npm run docs -- --pages\`. -->

# Command line

Results go to standard output, all else to standard error. Exit codes: 0; 1 failure; 2 wrong usage; 130 on Ctrl-C, 143 on SIGTERM, 129 on
SIGHUP (what was decoded is kept). Long commands go on where they were interrupted. [Errors](errors.md) lists the codes in messages.
`;

export function cliPage() {
  const start = help([]);
  return [INTRODUCTION, section([], start), ...subcommands([], start)].join("\n");
}

/** The sections of all commands below one, in the order of its help. */
function subcommands(path, { sections }) {
  const names = (sections.get("Commands") ?? []).map(({ term }) => term.split(/[ |]/)[0]).filter((name) => name !== "help");
  return names.flatMap((name) => {
    const command = [...path, name];
    const found = help(command);
    return [section(command, found), ...subcommands(command, found)];
  });
}

function section(path, { usage, description, sections, examples }) {
  const lists = [...sections].flatMap(([title, entries]) => {
    const items = entries.filter(({ term }) => !/^-h, --help|^help /.test(term)).map(({ term, text }) => `- \`${term}\`: ${prose(text)}`);
    return items.length === 0 ? [] : [`**${title}**`, items.join("\n")];
  });
  const shown = examples.length === 0 ? [] : [`\`\`\`sh\n${examples.join("\n")}\n\`\`\``];
  return `${[`## ${["argsearch", ...path].join(" ")}`, prose(description), `\`${usage}\``, ...shown, ...lists].join("\n\n")}\n`;
}

/** Markdown takes angle brackets for HTML, and a backslash away. */
function prose(text) {
  return text.replace(/[<>\\*|{]/g, "\\$&");
}

/** { usage, description, sections: title to [{ term, text }], examples } of a command's help. */
function help(path) {
  const lines = run(process.execPath, [join(root, "dist", "cli.js"), ...path, "--help"], { env: { NO_COLOR: "1" } }).split("\n");
  const first = lines.findIndex((line) => /^\S.*:$/.test(line));
  const usage = lines[0].replace("Usage: ", "");
  const sections = new Map();
  const examples = [];
  let title = "";
  for (const line of lines.slice(first)) {
    if (line.startsWith("Documentation: ")) break; // it ends every help
    if (/^\S.*:$/.test(line)) {
      title = line.slice(0, -1);
      if (title !== "Examples") sections.set(title, []);
    } else if (title === "Examples") {
      if (line !== "") examples.push(line.trim().replace(/^\$ /, ""));
    } else if (line !== "") addLine(sections.get(title), line);
  }
  return { usage, description: lines.slice(1, first).join(" ").trim(), sections, examples };
}

/** An entry's first line has a term and the beginning of its text; lines that are set in further go on with the text. */
function addLine(entries, line) {
  const [, term, text = ""] = /^ {2}(\S(?:.*?\S)??)(?: {2,}(.*))?$/.exec(line) ?? [];
  if (term !== undefined) entries.push({ term, text });
  else entries.at(-1).text += ` ${line.trim()}`;
}
