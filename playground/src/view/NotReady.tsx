/** What stands in the page's place while the server cannot answer. */
import { setApiKey } from "../api/api-key.js";
import type { ApiError } from "../api/errors.js";
import { connect } from "../state/server.js";
import { Problem } from "./Problem.js";

export function Connecting() {
  return (
    <main class="notice">
      <p role="status">Connecting …</p>
    </main>
  );
}

export function Loading({ message, seconds }: { message: string; seconds: number }) {
  return (
    <main class="notice">
      <h2>The server is getting ready</h2>
      <p role="status">{message} …</p>
      <p class="dim">{seconds} s so far. The page goes on by itself.</p>
    </main>
  );
}

export function Failed({ error }: { error: ApiError }) {
  return (
    <main class="notice">
      <h2>No server</h2>
      <Problem error={error} />
      <button type="button" onClick={() => void connect()}>
        Try again
      </button>
    </main>
  );
}

export function KeyForm({ refused }: { refused: boolean }) {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setApiKey(String(new FormData(event.currentTarget as HTMLFormElement).get("key")).trim());
    void connect();
  };
  return (
    <main class="notice">
      <h2>This server asks for its API key</h2>
      <form onSubmit={submit}>
        <label for="key">API key</label>
        <input id="key" name="key" type="password" autocomplete="off" required aria-describedby="key-note" />
        <button type="submit" class="primary">
          Go on
        </button>
      </form>
      {refused && (
        <p class="problem" role="alert">
          The server does not take this key.
        </p>
      )}
      <p id="key-note" class="dim">
        It is kept until this tab is closed, and sent to this server alone.
      </p>
    </main>
  );
}
