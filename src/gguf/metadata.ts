import type { GgufEntry, GgufFile, GgufScalar } from "../engine/binding.js";

/** Metadata by key; null where a key is absent or of another type. */
export class Metadata {
  readonly #entries: ReadonlyMap<string, GgufEntry>;

  constructor({ entries }: Pick<GgufFile, "entries">) {
    this.#entries = new Map(entries.map((entry) => [entry.key, entry]));
  }

  get keys(): string[] {
    return [...this.#entries.keys()];
  }

  text(key: string): string | null {
    const value = this.#entries.get(key)?.value;
    return typeof value === "string" ? value : null;
  }

  number(key: string): number | null {
    const value = this.#entries.get(key)?.value;
    return typeof value === "number" ? value : null;
  }

  numbers(key: string): number[] | null {
    const value = this.#entries.get(key)?.value;
    if (typeof value === "number") return [value];
    return value instanceof Float64Array ? [...value] : null;
  }

  texts(key: string): string[] | null {
    const value = this.#entries.get(key)?.value;
    return Array.isArray(value) ? value.map(String) : null;
  }

  /** Items of an array. */
  count(key: string): number | null {
    return this.#entries.get(key)?.count ?? null;
  }

  scalars(): Record<string, GgufScalar> {
    const scalars: Record<string, GgufScalar> = {};
    for (const { key, value } of this.#entries.values()) {
      if (value !== null && typeof value !== "object") scalars[key] = value;
    }
    return scalars;
  }
}
