import { type KnownCommand, type Values, withSubcommands } from "./known.js";

/** The script's own function that adds files. */
const FILES = "_argsearch_files";

/** A script for bash, from 3.2 on, which macOS has. */
export function bashCompletion(name: string, program: KnownCommand): string {
  const commands = withSubcommands(program);
  const paths = commands.flatMap(({ subcommands }) => subcommands.map(({ path }) => [path.slice(0, -1).join(" "), path.at(-1)].join(" ")));
  const values = groups(
    commands.flatMap(({ path, flags }) =>
      flags.flatMap(({ short, long, values }) => {
        const names = [short, long].filter((flag) => flag !== undefined);
        return values === undefined ? [] : [[actionOf(values), names.map((flag) => quoted(`${path.join(" ")} ${flag}`))] as const];
      }),
    ),
  );
  const words = commands.map(({ path, flags, subcommands, values }) => {
    const all = flags.flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined)).join(" ");
    const others =
      values === undefined ? actionOf({ choices: subcommands.map((each) => each.path.at(-1) ?? ""), files: false }) : actionOf(values);
    return `    ${quoted(path.join(" "))})\n      flags=${quoted(all)}\n      [[ $cur == -* ]] || ${others} ;;`;
  });
  return `# Completion of ${name} for bash.
${FILES}() {
  compopt -o default 2>/dev/null || { local IFS=$'\\n'; COMPREPLY+=($(compgen -f -- "$cur")); }
}
_${name}() {
  local cur prev path="" flags="" i
  COMPREPLY=()
  cur=\${COMP_WORDS[COMP_CWORD]}
  prev=\${COMP_WORDS[COMP_CWORD-1]}
  if [[ $cur == "=" ]]; then
    cur=""
  elif [[ $prev == "=" ]]; then
    prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path \${COMP_WORDS[i]}" in
      ${paths.map(quoted).join("|")}) path=\${path:+$path }\${COMP_WORDS[i]} ;;
    esac
  done
  case "$path $prev" in
${values.map(([action, cases]) => `    ${cases.join("|")})\n      ${action}\n      return ;;`).join("\n")}
  esac
  case "$path" in
${words.join("\n")}
  esac
  if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$cur")); fi
}
complete -F _${name} ${name}
`;
}

function actionOf({ choices, files }: Values): string {
  const words = choices.length === 0 ? [] : [`COMPREPLY=($(compgen -W ${quoted(choices.join(" "))} -- "$cur"))`];
  const actions = [...words, ...(files ? [FILES] : [])];
  return actions.length === 0 ? ":" : `{ ${actions.join("; ")}; }`;
}

/** Values of the same key, joined, in the order of the keys' first appearance. */
function groups(entries: readonly (readonly [key: string, values: readonly string[]])[]): [string, string[]][] {
  const found = new Map<string, string[]>();
  for (const [key, values] of entries) found.set(key, [...(found.get(key) ?? []), ...values]);
  return [...found];
}

function quoted(text: string): string {
  return `"${text.replace(/["\\$\x60]/g, "\\$&")}"`;
}
