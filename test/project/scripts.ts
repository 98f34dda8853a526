/** Modules of scripts/, which are JavaScript without types: each test says what it takes of them. */
export async function script<T>(path: string): Promise<T> {
  return (await import(new URL(`../../scripts/${path}`, import.meta.url).href)) as T;
}
