// For nginx's njs: what a request's conversation is told by, the same for each of its turns.

/** As much of a text as tells it apart. */
const LENGTH = 2000;

/** A variable of nginx.conf; read once the body is there, when a server is chosen. */
function key(r) {
  try {
    const body = JSON.parse(r.requestText || "");
    if (Array.isArray(body.messages)) return name(beginning(body.messages));
    if (body.prompt !== undefined) return name(body.prompt);
  } catch (_) {
    // What is no JSON, a server refuses.
  }
  return r.variables.request_id; // of no conversation: anywhere
}

/** Up to the first message of the user: a system prompt alone is that of everybody. */
function beginning(messages) {
  const first = messages.findIndex((message) => message && message.role === "user");
  return messages.slice(0, first + 1 || messages.length);
}

/** Without what a log is better off without. */
function name(value) {
  // biome-ignore lint/style/useNodejsImportProtocol: njs has a module of this name
  return require("crypto").createHash("sha1").update(JSON.stringify(value).slice(0, LENGTH)).digest("hex");
}

export default { key };
