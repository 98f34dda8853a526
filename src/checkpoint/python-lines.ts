/** Lines of Python that make of a directory what can be read here; for messages. */
import { basename, resolve } from "node:path";

/** `kind`: the class behind "AutoPeftModelFor". `labels`: rows of a classifier's head. */
export function mergeLine(dir: string, kind: "SequenceClassification" | "CausalLM", labels?: number): string {
  const rows = labels === undefined ? "" : `, num_labels=${labels}`;
  const merged = `M.from_pretrained('${dir}'${rows}).merge_and_unload().save_pretrained('${beside(dir, "merged")}')`;
  return `python3 -c "from peft import AutoPeftModelFor${kind} as M; ${merged}"`;
}

export function safetensorsLine(dir: string): string {
  const saved = `M.from_pretrained('${dir}').save_pretrained('${beside(dir, "safetensors")}')`;
  return `python3 -c "from transformers import AutoModelForCausalLM as M; ${saved}"`;
}

/** A name beside a directory, however that is written. */
export function beside(dir: string, what: string): string {
  const plain = /^\.{0,2}$/.test(basename(dir)) ? resolve(dir) : dir.replace(/[/\\]+$/, "");
  return `${plain}-${what}`;
}
