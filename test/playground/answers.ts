import type { MockToken } from "./mock-server.js";

export const token = (text: string, reward: number | null): MockToken => ({ text, reward });

/** An answer that gets worse. */
export const STALL = [token("Certainly", 0.5), token(".", 0.4), token(" What", -1), token(" shape", -2), token("?", -2.5), token("", -2.5)];

/** An answer that stays good; its first token is the likeliest of three but one. */
export const PLAN: MockToken[] = [
  {
    text: "Here",
    reward: 2,
    candidates: [
      ["Certainly", -1, -0.5],
      ["Of", -1.5, -0.75],
      ["Here", -2.25, 2],
    ],
  },
  token(" is", 1.9),
  token(" how", 1.8),
  token(".", 1.7),
  token("\n", 1.6),
  token("1", 1.5),
  token("", 1.5),
];
