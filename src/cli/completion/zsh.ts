import { type KnownCommand, type KnownFlag, type Values, withSubcommands } from "./known.js";

/** A script for zsh, to be sourced or to lie in $fpath as _NAME. */
export function zshCompletion(name: string, program: KnownCommand): string {
  return `#compdef ${name}
# Completion of ${name} for zsh.
${withSubcommands(program)
  .map((command) => functionOf(name, command))
  .join("")}
if [[ $funcstack[1] == _${name} ]]; then
  _${name} "$@"
else
  compdef _${name} ${name}
fi
`;
}

function functionOf(name: string, command: KnownCommand): string {
  const own = ["", name, ...command.path].join("_");
  const { subcommands, flags, values } = command;
  const lines = [...flags.map(flagLine), ...(values === undefined ? [] : [quoted(`1:value:${actionOf(values)}`)])];
  const options = `  _arguments ${lines.join(" \\\n    ")}\n`;
  if (subcommands.length === 0) return `${own}() {\n${options}}\n`;
  const described = subcommands.map(({ path, description }) => `    ${quoted(`${path.at(-1)}:${description}`)}\n`);
  const cases = subcommands.map(({ path }) => `    ${path.at(-1)}) ${own}_${path.at(-1)} ;;\n`);
  return `${own}() {
  local -a commands
  commands=(
${described.join("")}  )
  if (( CURRENT == 2 )); then
    if [[ $words[2] == -* ]]; then
    ${options}    else
      _describe command commands
    fi
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${cases.join("")}  esac
}
`;
}

/** Each may be repeated: some are meant to. */
function flagLine({ short, long, description, values }: KnownFlag): string {
  const about = quoted(`[${description.replace(/[[\]\\:]/g, "\\$&")}]${values === undefined ? "" : `:value:${actionOf(values)}`}`);
  return short === undefined ? `'*'${long}${about}` : `'*'{${short},${long}}${about}`;
}

function actionOf({ choices, files }: Values): string {
  const words = `(${choices.join(" ")})`;
  if (!files) return choices.length === 0 ? "" : words;
  return choices.length === 0 ? "_files" : `{_alternative 'values:value:${words}' 'files:file:_files'}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
