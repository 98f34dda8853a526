/** Dark or light: the system's, until the user says otherwise. */
import { effect, signal } from "@preact/signals";

export type Theme = "dark" | "light";

const STORED = "argsearch.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

const chosen = signal(localStorage.getItem(STORED));
const systemDark = signal(system.matches);
system.addEventListener("change", ({ matches }) => {
  systemDark.value = matches;
});

export function theme(): Theme {
  if (chosen.value === "dark" || chosen.value === "light") return chosen.value;
  return systemDark.value ? "dark" : "light";
}

export function toggleTheme(): void {
  chosen.value = theme() === "dark" ? "light" : "dark";
  localStorage.setItem(STORED, chosen.value);
}

effect(() => {
  document.documentElement.dataset.theme = theme();
});
