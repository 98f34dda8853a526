import { useSignal } from "@preact/signals";
import { apiKey } from "../api/api-key.js";
import { url } from "../api/client.js";
import type { ChatRequest } from "../api/wire.js";
import { type AnswerName, guided, plain } from "../state/answer.js";
import { LANGUAGES, type Language } from "../state/code.js";
import { guidedRequest, plainRequest } from "../state/requests.js";
import { server } from "../state/server.js";
import { settings } from "../state/settings.js";
import { Choice } from "./Choice.js";

const NAMES: AnswerName[] = ["plain", "guided"];

/** What was sent, for other programs to send; before the first answer, what would be. */
export function Code({ rewarded }: { rewarded: boolean }) {
  const language = useSignal<Language>("curl");
  const name = useSignal<AnswerName>(rewarded ? "guided" : "plain");
  const copied = useSignal("");
  const target = { root: url(".").replace(/\/$/, ""), keyed: apiKey.value !== "" };
  const code = LANGUAGES[language.value](requestOf(name.value, rewarded), target);
  const copy = async (): Promise<void> => {
    copied.value = await navigator.clipboard.writeText(code).then(
      () => "Copied.",
      () => "The browser does not let the page copy: select the text.",
    );
  };
  return (
    <details class="code">
      <summary>
        <h2>The same request as code</h2>
      </summary>
      <div class="choices">
        {rewarded && (
          <Choice legend="Answer" name="code-answer" options={NAMES} value={name.value} onChange={(value) => (name.value = value)} />
        )}
        <Choice
          legend="Language"
          name="code-language"
          options={Object.keys(LANGUAGES) as Language[]}
          value={language.value}
          onChange={(value) => (language.value = value)}
        />
        <button type="button" class="quiet" onClick={() => void copy()}>
          Copy
        </button>
        <span class="dim" role="status">
          {copied.value}
        </span>
      </div>
      <pre>
        <code>{code}</code>
      </pre>
    </details>
  );
}

function requestOf(name: AnswerName, rewarded: boolean): ChatRequest {
  const sent = (name === "plain" ? plain : guided).sent.value;
  if (sent !== null) return sent;
  const { value } = server;
  const model = value.state === "ready" ? value.model : "";
  return name === "plain" ? plainRequest(settings.value, model, rewarded) : guidedRequest(settings.value, model);
}
