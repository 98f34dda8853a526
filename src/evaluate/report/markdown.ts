import type { Block, Cell, Example, Report, Table } from "./document.js";
import { digits } from "./numbers.js";

/** The report as GitHub's Markdown; charts are files beside it, in charts/. */
export function toMarkdown({ title, blocks }: Report): string {
  return `# ${title}\n\n${blocks.map(block).join("\n\n")}\n`;
}

function block(given: Block): string {
  switch (given.kind) {
    case "heading":
      return `## ${given.text}`;
    case "text":
      return escaped(given.text);
    case "code":
      return `\`\`\`sh\n${given.text}\n\`\`\``;
    case "table":
      return table(given);
    case "chart":
      return `![${given.caption}](charts/${given.name}.svg)`;
    case "example":
      return example(given);
  }
}

function table({ head, rows, folded }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const row = (given: Table["rows"][number]): string => {
    if (typeof given !== "string") return line(given.map(cell));
    return line([`**${escaped(given)}**`, ...head.slice(1).map(() => "")]);
  };
  const whole = [line(head.map(escaped)), `|${" --- |".repeat(head.length)}`, ...rows.map(row)].join("\n");
  return folded === undefined ? whole : details(folded, whole);
}

function cell(given: Cell): string {
  return escaped(typeof given === "string" ? given : `${given.value} ${given.below}`);
}

function details(summary: string, content: string): string {
  return `<details>\n<summary>${escaped(summary)}</summary>\n\n${content}\n\n</details>`;
}

function example({ title, prompt, groups }: Example): string {
  const parts = groups.flatMap(({ label, answers }) => [
    ...(label === null ? [] : [`#### ${escaped(label)}`]),
    ...answers.map(({ name, answer: { response, reward } }) => {
      const rated = reward === null ? "" : ` (reward ${digits(reward)})`;
      return `**${escaped(name)}**${rated}\n\n${quote(response || "(empty)")}`;
    }),
  ]);
  const whole = prompt === null ? [] : [details("the whole prompt", quote(prompt))];
  return [`### ${escaped(title.replace(/\s+/g, " "))}`, ...whole, ...parts].join("\n\n");
}

function quote(content: string): string {
  return content
    .trim()
    .split("\n")
    .map((line) => `> ${escaped(line)}`.trimEnd())
    .join("\n");
}

/** What Markdown would read as markup, a model's text above all. */
function escaped(content: string): string {
  return content.replace(/[\\`*_[\]<>|#~]/g, "\\$&").replace(/\n/g, " ");
}
