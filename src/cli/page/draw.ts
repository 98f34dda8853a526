/** Draws lines of spans on a terminal, in as many colours as it has. */
import { WriteStream } from "node:tty";
import { cleaned, cleanedLine } from "../../files/clean.js";
import { type Output, wantsColour } from "../terminal/output.js";
import { rgb, type Scale, SHADES, shade } from "./colour.js";
import type { Line, Span } from "./line.js";

const STYLES = { bold: "1", dim: "2" };

/** Bits of colour: 1 (none), 4, 8 or 24. */
export function colourDepth(stream: Output): number {
  return wantsColour(stream) ? Math.max(4, WriteStream.prototype.getColorDepth()) : 1;
}

/** One line with its escape sequences. */
export function draw(line: Line, scale: Scale, depth: number): string {
  return line.map((span) => paint(span, scale, depth)).join("");
}

/** A piece of a text under way, which may hold line ends, in the colour of its reward. */
export function drawText(text: string, reward: number, scale: Scale, depth: number): string {
  return depth === 1 || text === "" ? cleaned(text) : coloured(cleaned(text), colour(shade(reward, scale), depth));
}

function paint({ text, reward, style }: Span, scale: Scale, depth: number): string {
  const code = style ? STYLES[style] : typeof reward !== "number" ? undefined : colour(shade(reward, scale), depth);
  return depth === 1 || code === undefined ? cleanedLine(text) : coloured(cleanedLine(text), code);
}

function coloured(text: string, code: string): string {
  return `\u001b[${code}m${text}\u001b[0m`;
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
