/** How answers are asked for: plainly, and guided with each gate. */

/** The anchor's guided tokens a second as a share of plain ones, in per cent, by concurrent requests: SIA over vLLM with a scalar head, on a GPU and with other models. */
export const ANCHOR: ReadonlyMap<number, number> = new Map([
  [1, 55],
  [2, 61],
  [4, 48],
  [8, 41],
  [16, 24],
]);

/** The share of steps that the anchor's gate leaves to the reward: it reports 11.7 to 20.1 %. */
export const ANCHOR_GUIDED = 0.175;

export interface Mode {
  name: string;
  argsearch: Readonly<Record<string, unknown>>;
}

/** The same samplers, and no end: what is compared is the work of as many tokens. */
const ALIKE = { ending: "never", dryMultiplier: 0 } as const;

export const PLAIN: Mode = { name: "plain", argsearch: { ...ALIKE, weight: 0 } };

/** `entropy`: the threshold that guides as many steps as the anchor does. */
export function guidedModes({ weight, entropy }: { weight: number; entropy: number }): Mode[] {
  const gated = (name: string, gate: unknown): Mode => ({ name, argsearch: { ...ALIKE, weight, gate } });
  return [
    gated("guided, no gate", "off"),
    gated("gate bound", "bound"),
    gated("gate predicted", "predicted"),
    gated("gate predicted-only", "predicted-only"),
    gated("gate entropy, 1 nat", { entropy: 1 }),
    entropyMode({ weight, entropy }),
  ];
}

/** Rates steps of a higher entropy than that. */
export function entropyMode({ weight, entropy }: { weight: number; entropy: number }): Mode {
  return { name: `gate entropy, ${entropy.toFixed(2)} nats`, argsearch: { ...ALIKE, weight, gate: { entropy } } };
}
