import type { Block, Example, Report, Table } from "./document.js";
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

function table({ head, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(" | ")} |`;
  return [line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

function example({ prompt, answers }: Example): string {
  const parts = answers.map(({ method, response, reward }) => {
    const rated = reward === null ? "" : ` (reward ${digits(reward)})`;
    return `**${escaped(method)}**${rated}\n\n${quote(response || "(empty)")}`;
  });
  return `### ${escaped(prompt.replace(/\s+/g, " "))}\n\n${parts.join("\n\n")}`;
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
