import type { Decoder } from "../../index.js";
import { reportLine } from "./failure.js";

/**
 * What says, once, that no reward guides; nothing where one does, or where a method was chosen. For when a first token is there: what fails
 * before has its own line.
 */
export function unguidedNotice({ info }: Decoder, chosen: boolean): () => void {
  let due = info.objectives.length === 0 && !chosen;
  return () => {
    if (due) reportLine("no reward model: plain greedy decoding; --reward FILE guides it");
    due = false;
  };
}
