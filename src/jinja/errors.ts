/** What a template does wrong, or refuses. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
}

/** A template that cannot be read. */
export function syntaxError(message: string, line: number): TemplateError {
  return new TemplateError(`${message} (line ${line})`);
}
