/** The figure as SVG: narrow enough to be read on a phone, in colours of its own for light and dark. */
import { escaped } from "../lib/markup.mjs";
import { candidates, heading, ROW } from "./rows.mjs";

const WIDTH = 420;
const MARGIN = 16;
const GAP = 22;

const STYLE = `
svg{--paper:#fff;--ink:#1b1f24;--dim:#636c76;--line:#d9dee4;--bar:#b4bdc7;--low:#d9652b;--high:#1a7fc4;--taken:#e3f1fb}
@media (prefers-color-scheme:dark){svg{--paper:#14181d;--ink:#e6eaef;--dim:#919ba7;--line:#2c343d;--bar:#566270;--low:#e8743b;--high:#4bb0f5;--taken:#16324a}}
text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:var(--ink)}
.token{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}
.bold{font-weight:600}.dim{fill:var(--dim)}.small{font-size:11.5px}.number{text-anchor:end;font-variant-numeric:tabular-nums}
.line{stroke:var(--line)}.bar{fill:var(--bar)}.low{fill:var(--low)}.high{fill:var(--high)}.taken{fill:var(--taken)}
.likeliest{fill:none;stroke:var(--dim);stroke-dasharray:3 3}`;

/**
 * @param decoded { steps, greedy, args }: steps with candidates, and the results of both methods
 * @param view { prompt, weight, shown }: shown has the number of candidates to draw for each step
 */
export function draw({ steps, greedy, args }, { prompt, weight, shown }) {
  let y = MARGIN;
  const parts = [];
  const add = (height, markup) => {
    parts.push(`<g transform="translate(${MARGIN} ${y})">${markup}</g>`);
    y += height;
  };
  add(GAP, line(`› ${prompt}`, "bold"));
  add(GAP + 8, line(`score = ${(1 - weight).toFixed(1)} · log P + ${weight} · reward; the best score of ten is taken`, "dim small"));
  for (const [index, step] of steps.entries()) {
    const before = steps.slice(0, index).map(({ text }) => text);
    const drawn = candidates(step, shown[index]);
    add(2 * ROW + 2, heading(index, before.join("")));
    add(drawn.height + GAP, drawn.markup);
  }
  add(ROW, line(`greedy: ${opening(greedy.text)}`));
  add(GAP, line(`reward of the whole answer ${signed(greedy.reward)}`, "dim small"));
  add(ROW, line(`ARGS: ${opening(args.text)}`));
  add(ROW + 4, line(`reward of the whole answer ${signed(args.reward)}`, "dim small"));
  return page(y, parts);
}

function page(height, parts) {
  const title = "The first steps of ARGS on the embedded pair: candidates with log-probability, reward and score";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
<title>${title}</title>
<style>${STYLE}
</style>
<rect width="${WIDTH}" height="${height}" rx="8" fill="var(--paper)"/>
${parts.join("\n")}
</svg>
`;
}

function line(text, look = "") {
  return `<text class="${look}" y="12">${escaped(text)}</text>`;
}

/** What stands on one line of a phone, whole words. */
function opening(text) {
  const [first] = text.split("\n");
  return `${/^.{0,44}(?!\S)/.exec(first)[0].trimEnd()} …`;
}

function signed(value) {
  return value.toFixed(2).replace("-", "−");
}
