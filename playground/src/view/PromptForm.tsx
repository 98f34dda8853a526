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
  const submit = (event: Event): void => {
    event.preventDefault();
    start();
  };
  const sendOnEnter = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
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
      {busy.value ? (
        <button type="button" class="primary" onClick={stop}>
          Stop
        </button>
      ) : (
        <button type="submit" class="primary" disabled={settings.value.prompt.trim() === ""}>
          Answer
        </button>
      )}
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
