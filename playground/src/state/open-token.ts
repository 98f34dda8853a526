/** Which token's candidates are shown, and which one the curve marks. */
import { effect, signal } from "@preact/signals";
import { type Answer, guided, plain } from "./answer.js";

export interface OpenToken {
  answer: Answer;
  index: number;
  /** Where it is drawn. */
  element: HTMLElement;
}

export const openToken = signal<OpenToken | null>(null);

/** A little longer than a pointer takes from the token to what has opened below it. */
const LEAVE_MS = 140;

let leaving: ReturnType<typeof setTimeout> | undefined;

export function open(answer: Answer, index: number, element: HTMLElement): void {
  clearTimeout(leaving);
  const { value } = openToken;
  if (value?.element !== element || value.index !== index) openToken.value = { answer, index, element };
}

export function close(): void {
  clearTimeout(leaving);
  openToken.value = null;
}

export function closeSoon(): void {
  clearTimeout(leaving);
  leaving = setTimeout(close, LEAVE_MS);
}

export function keepOpen(): void {
  clearTimeout(leaving);
}

// A new answer takes the place of the one whose token was open.
effect(() => {
  if (plain.state.value === "waiting" || guided.state.value === "waiting") close();
});
