/** One step: a heading, then a row a candidate. */
import { escaped } from "../lib/markup.mjs";

export const ROW = 19;

/** Where columns end, from the figure's margin. */
const TOKEN = 100;
const WIDTH = 388;
const COLUMNS = [
  { title: "log P", number: 138, bar: 145, length: 44 },
  { title: "reward", number: 232, bar: 239, length: 52 },
  { title: "score", number: 335 },
];

/** Where bars end: the one of log P begins at this improbability, the one of a reward ends at it, on either side. */
const LOG_PROB_START = -8;
const REWARD_END = 3;

export function heading(index, before) {
  const titles = COLUMNS.map(({ title, number }) => `<text class="dim small number" x="${number}" y="${ROW + 12}">${title}</text>`);
  const text = before === "" ? "the answer begins" : `“${before}…”`;
  return `<line class="line" x2="${WIDTH}" y1="-6" y2="-6"/><text y="13"><tspan class="bold">Step ${index + 1}</tspan><tspan class="dim" dx="8">${escaped(text)}</tspan></text>${titles.join("")}`;
}

/** The `shown` likeliest candidates, with the one that was taken in any case, and a line about the others. */
export function candidates({ token: taken, candidates: all }, shown) {
  const drawn = all.filter((each, place) => place < shown || each.token === taken);
  const likeliest = all[0].token;
  const rows = drawn.map((each, place) => row(each, place * ROW, { taken: each.token === taken, likeliest: each.token === likeliest }));
  const hidden = all.length - drawn.length;
  const rest = hidden === 0 ? "" : `<text class="dim small" x="6" y="${rows.length * ROW + 13}">and ${hidden} less likely ones</text>`;
  return { height: (rows.length + (hidden === 0 ? 0 : 1)) * ROW, markup: `${rows.join("")}${rest}` };
}

/** The numbers stand in attributes, too, for whoever checks them. Who takes the row: ARGS, greedy decoding, or both. */
function row(candidate, y, { taken, likeliest }) {
  const { text, logProb, reward, score } = candidate;
  const data = `data-text="${escaped(text)}" data-log-prob="${logProb.toFixed(4)}" data-reward="${reward.toFixed(4)}" data-score="${score.toFixed(4)}"`;
  const [first, second, third] = COLUMNS;
  const parts = [
    taken ? `<rect class="taken" width="${WIDTH}" height="${ROW}" rx="3"/>` : "",
    likeliest && !taken ? `<rect class="likeliest" x=".5" y=".5" width="${WIDTH - 1}" height="${ROW - 1}" rx="3"/>` : "",
    `<text class="token" x="6" y="13.5">${escaped(visible(text))}</text>`,
    number(first, logProb),
    bar(first.bar, first.length * Math.max(0, 1 - logProb / LOG_PROB_START), "bar"),
    number(second, reward),
    rewardBar(second, reward),
    number(third, score, taken ? "bold" : ""),
    mark(taken, likeliest),
  ];
  return `<g class="candidate" transform="translate(0 ${y})" ${data}${taken ? ' data-taken=""' : ""}>${parts.join("")}</g>`;
}

function mark(taken, likeliest) {
  if (!taken && !likeliest) return "";
  const [look, text] = taken ? ["bold", likeliest ? "both" : "ARGS"] : ["dim", "greedy"];
  return `<text class="${look} small" x="${WIDTH - 6}" y="13.5" text-anchor="end">${text}</text>`;
}

function number({ number: x }, value, look = "") {
  return `<text class="number ${look}" x="${x}" y="13.5">${value.toFixed(2).replace("-", "−")}</text>`;
}

/** From the middle to either side. */
function rewardBar({ bar: x, length }, reward) {
  const half = length / 2;
  const size = half * Math.min(1, Math.abs(reward) / REWARD_END);
  const axis = `<line class="line" x1="${x + half}" x2="${x + half}" y2="${ROW}"/>`;
  return axis + (reward < 0 ? bar(x + half - size, size, "low") : bar(x + half, size, "high"));
}

function bar(x, length, look) {
  return `<rect class="${look}" x="${x.toFixed(1)}" y="5" width="${length.toFixed(1)}" height="9" rx="1"/>`;
}

/** Spaces and line ends can be seen; long tokens end in an ellipsis. */
function visible(text) {
  const shown = text.replace(/^ /, "␣").replaceAll("\n", "⏎");
  const most = Math.floor((TOKEN - 6) / 7.9);
  return shown.length <= most ? shown : `${shown.slice(0, most - 1)}…`;
}
