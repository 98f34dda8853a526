/** Draws lines of spans as an SVG picture of a terminal window. */
import { rgb, type Scale, SHADES, shade } from "../page/colour.js";
import { columnsOf, type Line, widthOf } from "../page/line.js";

const FONT_SIZE = 13;
const CHARACTER = 7.8;
const LINE = 19;
const MARGIN = 20;
const BAR = 34;

export function svg(lines: readonly Line[], scale: Scale, title: string): string {
  const width = Math.ceil(Math.max(...lines.map(widthOf)) * CHARACTER + 2 * MARGIN);
  const height = BAR + lines.length * LINE + MARGIN;
  const rows = lines.map((line, index) => row(line, BAR + (index + 1) * LINE, scale)).filter((each) => each !== "");
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
<style>
text{font:${FONT_SIZE}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d5dbe3;white-space:pre}
.bold{font-weight:700;fill:#fff}.dim{fill:#7d8794}
${Array.from({ length: SHADES }, (_, index) => `.r${index}{fill:rgb(${rgb(index)})}`).join("")}
</style>
<rect width="${width}" height="${height}" rx="9" fill="#14181d"/>
${["#ff5f57", "#febc2e", "#28c840"].map((fill, index) => `<circle cx="${MARGIN + index * 18}" cy="18" r="5.5" fill="${fill}"/>`).join("")}
<text class="dim" x="${width / 2}" y="22" text-anchor="middle">${escaped(title)}</text>
${rows.join("\n")}
</svg>
`;
}

/** Every span stands at its own column and has its own length, so that the grid holds in any font. */
function row(line: Line, y: number, scale: Scale): string {
  let column = 0;
  let spans = "";
  for (const span of merged(line, scale)) {
    const length = columnsOf(span.text);
    const place = `x="${(MARGIN + column * CHARACTER).toFixed(1)}" textLength="${(length * CHARACTER).toFixed(1)}"`;
    if (span.text.trim() !== "") spans += `<tspan ${place} class="${span.class}">${escaped(span.text)}</tspan>`;
    column += length;
  }
  return spans && `<text y="${y}" xml:space="preserve">${spans}</text>`;
}

/** Neighbours that look alike as one span. */
function merged(line: Line, scale: Scale): { text: string; class: string }[] {
  const spans: { text: string; class: string }[] = [];
  for (const { text, reward, style } of line) {
    const look = style ?? (typeof reward !== "number" ? "" : `r${shade(reward, scale)}`);
    const last = spans.at(-1);
    if (last?.class === look) last.text += text;
    else spans.push({ text, class: look });
  }
  return spans;
}

function escaped(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/\p{Cc}/gu, "\ufffd").replace(/[&<>"]/g, (character) => entities[character] as string);
}
