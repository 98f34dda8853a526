import { signal } from "@preact/signals";
import { type Settings, set, settings } from "../state/settings.js";
import { Slider } from "./Slider.js";

/** Unsigned 32-bit numbers. */
const LARGEST_SEED = 2 ** 32 - 1;

const wide = matchMedia("(min-width: 60rem)");
const unfolded = signal(wide.matches);
wide.addEventListener("change", ({ matches }) => {
  unfolded.value = matches;
});

export function SettingsForm({ rewarded, contextSize }: { rewarded: boolean; contextSize: number | null }) {
  const { method, maxTokens, temperature, seed, system } = settings.value;
  return (
    <details class="settings" open={unfolded.value} onToggle={({ currentTarget }) => (unfolded.value = currentTarget.open)}>
      <summary>
        <h2>Settings</h2>
      </summary>
      <form aria-label="Settings" onSubmit={(event) => event.preventDefault()}>
        {rewarded ? (
          <MethodSettings />
        ) : (
          <p class="note">This server has no reward model, so there is nothing to guide by: plain answers only.</p>
        )}
        <Slider
          id="temperature"
          label="temperature"
          note={temperatureNote(temperature, method)}
          {...{ value: temperature, min: 0, max: 2, step: 0.1, digits: 1 }}
          onChange={(value) => set({ temperature: value })}
        />
        <Slider
          id="max-tokens"
          label="max tokens"
          note="of each answer"
          {...{ value: maxTokens, min: 1, max: Math.min(contextSize ?? 1024, 1024), step: 1 }}
          onChange={(value) => set({ maxTokens: value })}
        />
        <div class="setting">
          <label for="seed">seed</label>
          <input
            id="seed"
            type="number"
            min={0}
            max={LARGEST_SEED}
            placeholder="random"
            value={seed ?? ""}
            onInput={({ currentTarget }) => set({ seed: seedOf(currentTarget.value) })}
          />
        </div>
        <div class="setting tall">
          <label for="system">system prompt</label>
          <textarea
            id="system"
            rows={3}
            placeholder="none"
            value={system}
            onInput={({ currentTarget }) => set({ system: currentTarget.value })}
          />
        </div>
      </form>
    </details>
  );
}

function MethodSettings() {
  const { method, weight, topK, block, drafts } = settings.value;
  return (
    <>
      <div class="setting tall">
        <label for="method">method</label>
        <select id="method" value={method} onChange={({ currentTarget }) => set({ method: currentTarget.value as Settings["method"] })}>
          <option value="args">args: token by token</option>
          <option value="blocks">blocks: several at once</option>
        </select>
      </div>
      {method === "args" ? (
        <>
          <Slider
            id="weight"
            label="weight w"
            note="score = (1 − w) log P + w · reward"
            {...{ value: weight, min: 0, max: 1, step: 0.05, digits: 2 }}
            onChange={(value) => set({ weight: value })}
          />
          <Slider
            id="top-k"
            label="candidates k"
            note="the policy’s likeliest tokens, each rated"
            {...{ value: topK, min: 1, max: 40, step: 1 }}
            onChange={(value) => set({ topK: value })}
          />
        </>
      ) : (
        <>
          <Slider
            id="block"
            label="block"
            note="tokens of a draft"
            {...{ value: block, min: 1, max: 64, step: 1 }}
            onChange={(value) => set({ block: value })}
          />
          <Slider
            id="drafts"
            label="drafts"
            note="of each block, the best is kept"
            {...{ value: drafts, min: 1, max: 16, step: 1 }}
            onChange={(value) => set({ drafts: value })}
          />
        </>
      )}
    </>
  );
}

function temperatureNote(temperature: number, method: Settings["method"]): string {
  if (method === "blocks") return temperature === 0 ? "plain takes the likeliest; drafts are drawn" : "of what both draw";
  return temperature === 0 ? "nothing is drawn: the best is taken" : "plain draws by P, guided by score";
}

function seedOf(text: string): number | null {
  const value = Number(text);
  return text.trim() === "" || !Number.isInteger(value) || value < 0 || value > LARGEST_SEED ? null : value;
}
