import { invalid } from "../validate.js";

/** As many as llama.cpp takes. */
const MOST = 16;

/** Servers of `rpc`, each once; what the backend would end the process over is refused here. @throws ArgsearchError OPTION_INVALID */
export function rpcEndpoints(rpc: unknown): string[] {
  if (rpc === undefined) return [];
  const list: readonly unknown[] = Array.isArray(rpc) ? rpc : [rpc];
  if (!list.every(isEndpoint)) throw invalid("rpc", '"host:port" or an array of them, the host an IPv4 address or a name', rpc);
  const distinct = [...new Set(list)];
  if (distinct.length > MOST) throw invalid("rpc", `at most ${MOST} servers`, rpc);
  return distinct;
}

function isEndpoint(value: unknown): value is string {
  const [, port] = (typeof value === "string" && /^[\w.-]+:(\d{1,5})$/.exec(value)) || [];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
}
