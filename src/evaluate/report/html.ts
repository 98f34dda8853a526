import { isBan } from "../../reward/ban.js";
import type { EvaluatedResponse } from "../response.js";
import type { Layout } from "./chart.js";
import type { AnswerGroup, Block, Cell, Chart, Example, Report, Table } from "./document.js";
import { digits } from "./numbers.js";
import { STYLE } from "./style.js";

/** Text in a cell that is longer may wrap, letters. */
const LONG = 40;

/** A chart's SVG in the form for a wide and that for a narrow screen. */
export type Drawing = Readonly<Record<Layout, string>>;

/** The report as one HTML file that loads nothing: styles and charts are in it. `charts`: by name. */
export function toHtml({ title, blocks }: Report, charts: ReadonlyMap<string, Drawing>): string {
  const body = blocks.map((each) => block(each, charts)).join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}
</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${body}
</body>
</html>
`;
}

function block(given: Block, charts: ReadonlyMap<string, Drawing>): string {
  switch (given.kind) {
    case "heading":
      return `<h2>${escaped(given.text)}</h2>`;
    case "text":
      return `<p>${escaped(given.text)}</p>`;
    case "code":
      return `<pre>${escaped(given.text)}</pre>`;
    case "table":
      return table(given);
    case "chart":
      return chart(given, charts.get(given.name));
    case "example":
      return example(given);
  }
}

function table({ head, rows, folded }: Table): string {
  const names = head.map((name) => `<th scope="col">${escaped(name)}</th>`).join("");
  const body = rows.map((row) => (typeof row === "string" ? groupRow(row, head.length) : cellRow(row))).join("\n");
  const whole = `<div class="wide"><table><thead><tr>${names}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
  return folded === undefined ? whole : `<details><summary>${escaped(folded)}</summary>${whole}</details>`;
}

function groupRow(label: string, columns: number): string {
  return `<tr class="group"><th colspan="${columns}" scope="rowgroup"><div>${escaped(label)}</div></th></tr>`;
}

function cellRow([name = "", ...cells]: readonly Cell[]): string {
  const cell = (given: Cell): string => {
    if (typeof given !== "string") return `<td>${escaped(given.value)}<small>${escaped(given.below)}</small></td>`;
    return `<td${given.length > LONG ? ' class="long"' : ""}>${escaped(given)}</td>`;
  };
  return `<tr><th scope="row"><div>${escaped(typeof name === "string" ? name : name.value)}</div></th>${cells.map(cell).join("")}</tr>`;
}

/** The style sheet shows the one of both that suits the screen. */
function chart({ caption }: Chart, drawing: Drawing | undefined): string {
  const drawn = `<div class="drawing">${drawing?.wide ?? ""}</div><div class="drawing narrow">${drawing?.narrow ?? ""}</div>`;
  return `<figure>${drawn}<figcaption>${escaped(caption)}</figcaption></figure>`;
}

function example({ title, prompt, groups }: Example): string {
  const whole =
    prompt === null ? "" : `\n<details class="prompt"><summary>the whole prompt</summary><div>${escaped(prompt)}</div></details>`;
  return `<h3>${escaped(title)}</h3>${whole}\n${groups.map(group).join("\n")}`;
}

function group({ label, answers, scale }: AnswerGroup): string {
  const heading = label === null ? "" : `<h4>${escaped(label)}</h4>\n`;
  const [low, high] = scale.map(digits);
  const legend = answers.some(({ answer }) => answer.rewards.length > 0)
    ? `<p class="legend">Each token is coloured by the reward of the text up to it: ${swatch(scale[0], scale, `${low}`)} to ${swatch(scale[1], scale, `${high}`)}.</p>`
    : "";
  return `${heading}${legend}<div class="answers">${answers.map(({ name, answer }) => side(name, answer, scale)).join("\n")}</div>`;
}

function side(name: string, answer: EvaluatedResponse, scale: AnswerGroup["scale"]): string {
  const { reward, finishReason, tokens } = answer;
  const about = [reward === null ? [] : [`reward ${digits(reward)}`], `${tokens.length} tokens`, finishReason].flat().join(" · ");
  return `<div class="answer"><b>${escaped(name)} <small>${escaped(about)}</small></b>${coloured(answer, scale)}</div>`;
}

/** The text token by token; as it is where tokens tear characters, or there are no rewards. */
function coloured({ response, pieces, rewards }: EvaluatedResponse, scale: AnswerGroup["scale"]): string {
  if (rewards.length !== pieces.length || pieces.join("").trim() !== response.trim()) return escaped(response || "(empty)");
  return pieces.map((piece, at) => swatch(rewards[at] ?? Number.NEGATIVE_INFINITY, scale, piece)).join("");
}

function swatch(reward: number, [low, high]: AnswerGroup["scale"], content: string): string {
  const share = high > low ? Math.min(1, Math.max(0, (reward - low) / (high - low))) : 0.5;
  return `<span style="background:${colour(share)}" title="${isBan(reward) ? "banned" : digits(reward)}">${escaped(content)}</span>`;
}

/** Orange over white to blue: told apart by the colour-blind as well. */
function colour(share: number): string {
  const strength = Math.round(Math.abs(share - 0.5) * 110) / 100;
  return share < 0.5 ? `rgba(230,126,34,${strength})` : `rgba(52,120,220,${strength})`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escaped(content: string): string {
  return content.replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter);
}
