/** docs/errors.md: the table above ERROR_CODES in src/errors.ts. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, root } from "../lib/run.mjs";

const INTRODUCTION = `<!-- Made of src/errors.ts by \`npm run docs -- --pages\`. -->

# Errors

Everything that goes wrong is an \`ArgsearchError\`. Its \`message\` is a sentence that names the file, line or option and what helps;
\`code\` is one of those below and stable, so programs may switch on it; \`option\` is the option at fault, where it is one's; \`cause\` is what
lay underneath. Messages may be reworded.

\`\`\`js
try {
  await decoder.generate(prompt);
} catch (error) {
  if (error.code === "PROMPT_TOO_LONG") return shorten(prompt);
  throw error;
}
\`\`\`

An application that loads the package as ESM and as CommonJS may use either's \`ArgsearchError\` for \`instanceof\`. Across a worker or a process errors lose their
name and code: send \`error.toJSON()\` (\`JSON.stringify(error)\` is the same) and make it whole by \`ArgsearchError.fromJSON(json)\`. \`details\` has the figures of a
message where a program may want them: \`tokens\`, \`limit\` and \`model\` of PROMPT_TOO_LONG, \`slots\` and \`waiting\` of BUSY.

The command line prints \`argsearch: MESSAGE [CODE]\` on standard error; its exit code is 1, or 2 for wrong usage.
`;

/** @param source text of src/errors.ts */
export function errorsPage(source = readFileSync(join(root, "src", "errors.ts"), "utf8")) {
  const rows = [...source.matchAll(/^ \* \| (.*) \|$/gm)].map(([, row]) => row.split(" | "));
  const [head, , ...codes] = rows;
  for (const row of codes) {
    if (row.length !== head.length) throw new Failure(`src/errors.ts: the row of ${row[0]} has no column for "${head.at(-1)}"`);
  }
  const body = codes.map(([names, ...cells]) => line([names.replace(/\w+/g, "`$&`"), ...cells]));
  return `${INTRODUCTION}\n${[line(head), line(head.map(() => "---")), ...body].join("\n")}\n`;
}

function line(cells) {
  return `| ${cells.join(" | ")} |`;
}
