import { jsonHeaders, setHeader } from "../../remote/headers.js";

/**
 * The headers of a question: those that OpenAI's own clients send, out of the same variables of the environment.
 *
 * @param key null for an endpoint that asks for none
 * @throws ArgsearchError OPTION_INVALID for what no header can hold
 */
export function headersOf(key: string | null): Headers {
  const { OPENAI_ORG_ID, OPENAI_PROJECT_ID, OPENAI_CUSTOM_HEADERS = "" } = process.env;
  const headers = jsonHeaders(key, "judge.apiKey, or OPENAI_API_KEY,");
  if (OPENAI_ORG_ID) setHeader(headers, "openai-organization", OPENAI_ORG_ID, "OPENAI_ORG_ID");
  if (OPENAI_PROJECT_ID) setHeader(headers, "openai-project", OPENAI_PROJECT_ID, "OPENAI_PROJECT_ID");
  // One a line, as "name: value".
  for (const [, name = "", value = ""] of OPENAI_CUSTOM_HEADERS.matchAll(/^([^:\n]+):(.*)$/gm)) {
    setHeader(headers, name.trim(), value.trim(), "OPENAI_CUSTOM_HEADERS");
  }
  return headers;
}
