import { ArgsearchError } from "../../errors.js";
import { packageManifest } from "../../package-root.js";

/**
 * The headers of a question: those that OpenAI's own clients send, out of the same variables of the environment.
 *
 * @param key null for an endpoint that asks for none
 * @throws ArgsearchError OPTION_INVALID for what no header can hold
 */
export function headersOf(key: string | null): Headers {
  const { OPENAI_ORG_ID, OPENAI_PROJECT_ID, OPENAI_CUSTOM_HEADERS = "" } = process.env;
  const headers = new Headers({
    accept: "application/json",
    "content-type": "application/json",
    "user-agent": `argsearch/${packageManifest().version}`,
  });
  if (key !== null) set(headers, "authorization", `Bearer ${key}`, "judge.apiKey, or OPENAI_API_KEY,");
  if (OPENAI_ORG_ID) set(headers, "openai-organization", OPENAI_ORG_ID, "OPENAI_ORG_ID");
  if (OPENAI_PROJECT_ID) set(headers, "openai-project", OPENAI_PROJECT_ID, "OPENAI_PROJECT_ID");
  // One a line, as "name: value".
  for (const [, name = "", value = ""] of OPENAI_CUSTOM_HEADERS.matchAll(/^([^:\n]+):(.*)$/gm)) {
    set(headers, name.trim(), value.trim(), "OPENAI_CUSTOM_HEADERS");
  }
  return headers;
}

/** The value may be secret: it is not shown. */
function set(headers: Headers, name: string, value: string, origin: string): void {
  try {
    headers.set(name, value);
  } catch {
    throw new ArgsearchError("OPTION_INVALID", `${origin} must be letters, digits and signs of ASCII: no HTTP header can hold it`);
  }
}
