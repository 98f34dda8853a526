/** Draws lines of spans on a terminal, in as many colours as it has. */
import { WriteStream } from "node:tty";
import { rgb, SHADES, shade } from "./colour.js";
import type { Line, Scale, Span } from "./layout.js";

const STYLES = { bold: "1", dim: "2" };

/** Bits of colour: 1 (none), 4, 8 or 24. NO_COLOR and FORCE_COLOR are honoured. */
export function colourDepth(stream: { isTTY?: boolean }): number {
  return stream.isTTY || process.env.FORCE_COLOR ? WriteStream.prototype.getColorDepth() : 1;
}

/** One line with its escape sequences. */
export function draw(line: Line, scale: Scale, depth: number): string {
  return line.map((span) => paint(span, scale, depth)).join("");
}

function paint({ text, reward, style }: Span, scale: Scale, depth: number): string {
  const visible = text.replace(/\p{Cc}/gu, "\ufffd");
  const code = style ? STYLES[style] : typeof reward !== "number" ? undefined : colour(shade(reward, scale), depth);
  return depth === 1 || code === undefined ? visible : `\u001b[${code}m${visible}\u001b[0m`;
}

function colour(index: number, depth: number): string {
  const [red, green, blue] = rgb(index);
  if (depth === 24) return `38;2;${red};${green};${blue}`;
  if (depth === 8) return `38;5;${16 + 36 * cube(red) + 6 * cube(green) + cube(blue)}`;
  return ["33", "39", "36"][Math.min(2, Math.floor((index / SHADES) * 3))] as string;
}

/** The nearest of the 256-colour cube's six levels. */
function cube(channel: number): number {
  return channel < 48 ? 0 : channel < 115 ? 1 : Math.round((channel - 55) / 40);
}
