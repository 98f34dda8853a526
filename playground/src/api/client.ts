/** Requests to the server that the page came from. */
import { apiKey } from "./api-key.js";
import { ApiError, fromResponse, unreachable } from "./errors.js";

/** Where the server is: the page may be mounted below the root. */
export function url(path: string): string {
  return new URL(path, document.baseURI).href;
}

export function get(path: string): Promise<Response> {
  return send(path, { headers: authorization() });
}

export function post(path: string, body: unknown, signal: AbortSignal): Promise<Response> {
  const headers = { "Content-Type": "application/json", ...authorization() };
  return send(path, { method: "POST", headers, body: JSON.stringify(body), signal });
}

function authorization(): Record<string, string> {
  return apiKey.value === "" ? {} : { Authorization: `Bearer ${apiKey.value}` };
}

async function send(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url(path), init).catch((error: unknown) => {
    throw error instanceof TypeError ? unreachable() : error;
  });
  if (!response.ok) throw await fromResponse(response);
  return response;
}

export function isUnauthorized(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}
