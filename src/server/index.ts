/** `argsearch/server`: an OpenAI-compatible server around a decoder. */
export type { ListenOptions, ServerOptions } from "./options.js";
export { createServer, type Listening, type Server } from "./server.js";
