import { busy, start, stop } from "../state/run.js";
import { set, settings } from "../state/settings.js";

/** The paper's, and some of those that the embedded pair's reward was never trained on. */
const EXAMPLES = [
  "Can you help me set up a light show?",
  "Could you show me how to shoot a bird photo?",
  "I want to pack for a forest holiday. Any advice?",
  "I want to pass a physics quiz. Any advice?",
];

export function PromptForm() {
  // One button for both: another in its place would take the focus with it, and a click on the one would submit by the other.
  const submit = (event: Event): void => {
    event.preventDefault();
    if (busy.value) stop();
    else start();
  };
  const sendOnEnter = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    start();
  };
  return (
    <form class="prompt" aria-label="Prompt" onSubmit={submit}>
      <label for="prompt" class="hidden">
        Prompt
      </label>
      <textarea
        id="prompt"
        rows={2}
        placeholder="Ask something. Enter sends, Shift+Enter begins a line."
        value={settings.value.prompt}
        onInput={({ currentTarget }) => set({ prompt: currentTarget.value })}
        onKeyDown={sendOnEnter}
      />
      <button type="submit" class="primary" disabled={!busy.value && settings.value.prompt.trim() === ""}>
        {busy.value ? "Stop" : "Answer"}
      </button>
      <Examples />
    </form>
  );
}

function Examples() {
  const ask = (prompt: string): void => {
    set({ prompt });
    start();
  };
  return (
    <ul class="examples" aria-label="Examples">
      {EXAMPLES.map((prompt) => (
        <li key={prompt}>
          <button type="button" class="link" disabled={busy.value} onClick={() => ask(prompt)}>
            {prompt}
          </button>
        </li>
      ))}
    </ul>
  );
}
