import type { EvaluatedResponse } from "../response.js";
import type { Block, Example, Report, Table } from "./document.js";
import { digits } from "./numbers.js";

const STYLE = `
:root { color-scheme: light; font: 15px/1.5 system-ui, sans-serif; color: #1c2530; background: #fff; }
body { max-width: 76rem; margin: 2rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.2rem; margin: 2.4rem 0 .6rem; border-bottom: 1px solid #d5dbe3; padding-bottom: .2rem; }
h3 { font-size: 1rem; margin: 1.6rem 0 .5rem; white-space: pre-wrap; }
.wide { overflow-x: auto; } table { border-collapse: collapse; margin: .8rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .28rem .8rem .28rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #eef1f5; }
th { font-weight: 600; } td { white-space: nowrap; }
figure { margin: 1.2rem 0; overflow-x: auto; } figcaption { color: #5a6675; font-size: .87rem; } svg { max-width: 100%; height: auto; }
pre { background: #f5f7fa; padding: .8rem 1rem; overflow-x: auto; }
.answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: .8rem; }
.answer { border: 1px solid #d5dbe3; border-radius: 6px; padding: .7rem .9rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.answer b { display: block; margin-bottom: .35rem; } .answer small { color: #5a6675; font-weight: 400; }
.legend { color: #5a6675; font-size: .87rem; }`;

/** The report as one HTML file that loads nothing: styles and charts are in it. `charts`: SVG by name. */
export function toHtml({ title, blocks }: Report, charts: ReadonlyMap<string, string>): string {
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

function block(given: Block, charts: ReadonlyMap<string, string>): string {
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
      return `<figure>${charts.get(given.name) ?? ""}<figcaption>${escaped(given.caption)}</figcaption></figure>`;
    case "example":
      return example(given);
  }
}

function table({ head, rows }: Table): string {
  const row = (cells: readonly string[], tag: "th" | "td"): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  return `<div class="wide"><table><thead>${row(head, "th")}</thead><tbody>\n${rows.map((cells) => row(cells, "td")).join("\n")}\n</tbody></table></div>`;
}

function example({ prompt, answers, scale }: Example): string {
  const [low, high] = scale.map(digits);
  const legend = answers.some(({ rewards }) => rewards.length > 0)
    ? `<p class="legend">Each token is coloured by the reward of the text up to it: ${swatch(scale[0], scale, `${low}`)} to ${swatch(scale[1], scale, `${high}`)}.</p>`
    : "";
  return `<h3>${escaped(prompt)}</h3>\n${legend}<div class="answers">${answers.map((answer) => side(answer, scale)).join("\n")}</div>`;
}

function side(answer: EvaluatedResponse, scale: Example["scale"]): string {
  const { method, reward, finishReason, tokens } = answer;
  const about = [reward === null ? [] : [`reward ${digits(reward)}`], `${tokens.length} tokens`, finishReason].flat().join(" · ");
  return `<div class="answer"><b>${escaped(method)} <small>${escaped(about)}</small></b>${coloured(answer, scale)}</div>`;
}

/** The text token by token; as it is where tokens tear characters, or there are no rewards. */
function coloured({ response, pieces, rewards }: EvaluatedResponse, scale: Example["scale"]): string {
  if (rewards.length !== pieces.length || pieces.join("").trim() !== response.trim()) return escaped(response || "(empty)");
  return pieces.map((piece, at) => swatch(rewards[at] ?? 0, scale, piece)).join("");
}

function swatch(reward: number, [low, high]: Example["scale"], content: string): string {
  const share = high > low ? Math.min(1, Math.max(0, (reward - low) / (high - low))) : 0.5;
  return `<span style="background:${colour(share)}" title="${digits(reward)}">${escaped(content)}</span>`;
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
