/** What the user has set. */
import { signal } from "@preact/signals";

export interface Settings {
  prompt: string;
  system: string;
  method: "args" | "blocks";
  /** w: 0 to 1. */
  weight: number;
  topK: number;
  /** Tokens of a block. */
  block: number;
  drafts: number;
  maxTokens: number;
  temperature: number;
  /** Null: the server draws one. */
  seed: number | null;
}

export const settings = signal<Settings>({
  prompt: "",
  system: "",
  method: "args",
  weight: 0.6,
  topK: 10,
  block: 16,
  drafts: 4,
  maxTokens: 200,
  temperature: 0,
  seed: null,
});

export function set(changes: Partial<Settings>): void {
  settings.value = { ...settings.value, ...changes };
}

/** What the server decodes with when nothing is asked for. */
export function adopt(defaults: Record<string, unknown>): void {
  const { method, weight, topK, block, drafts } = defaults;
  if (method === "args" || method === "blocks") set({ method });
  if (typeof weight === "number" && weight >= 0 && weight <= 1) set({ weight });
  if (typeof topK === "number") set({ topK });
  if (typeof block === "number") set({ block });
  if (typeof drafts === "number") set({ drafts });
}
