import { writeFileSync } from "node:fs";

export function writeJson(path: string, value: unknown): void {
  writeFileSync(path, JSON.stringify(value));
}
