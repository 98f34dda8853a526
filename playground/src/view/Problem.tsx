import type { ApiError } from "../api/errors.js";

export function Problem({ error: { code, message } }: { error: ApiError }) {
  return (
    <p class="problem" role="alert">
      <code>{code}</code> {message}
    </p>
  );
}
