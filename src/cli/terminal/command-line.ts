/** How this program was called, as a shell takes it. */
export function commandLine(): string {
  const quoted = process.argv.slice(2).map((word) => (/^[\w./:=,…@+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  return ["argsearch", ...quoted].join(" ");
}
