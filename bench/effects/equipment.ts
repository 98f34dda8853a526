/** What no reward model has a part in: whether a plan of the embedded policy names the equipment of its own topic. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Metric } from "../../src/evaluate/index.js";
import { packageRoot } from "../../src/package-root.js";

interface Category {
  heads: string[];
  modifiers: Record<string, string[]>;
}

/** Share of answers that name both things before their first step, as `training/check.py` counts them. */
export function ownEquipmentMetric(): Metric {
  const equipment = equipmentByTopic();
  const names = [...equipment.keys()];
  return {
    name: "ownEquipment",
    share: true,
    measure: (responses) =>
      responses.map(({ prompt, response }) => {
        const asked = JSON.stringify(prompt);
        const topic = names.filter((name) => asked.includes(name)).sort((a, b) => b.length - a.length)[0] ?? "";
        const [needs = ""] = response.split(/^(?:1\.|Step 1:)/m);
        return (equipment.get(topic) ?? [topic]).every((thing) => needs.includes(thing)) ? 1 : 0;
      }),
  };
}

function equipmentByTopic(): Map<string, string[]> {
  const { categories } = JSON.parse(readFileSync(join(packageRoot, "training", "topics.json"), "utf8")) as {
    categories: Record<string, Category>;
  };
  const topics = Object.values(categories).flatMap(({ heads, modifiers }) => {
    return Object.entries(modifiers).flatMap(([modifier, kit]) =>
      heads.map((head) => [`${modifier} ${head.replace(/\*$/, "")}`, kit] as const),
    );
  });
  return new Map(topics);
}
