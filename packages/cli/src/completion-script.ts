/** What a shell is told of one command. */
export interface Completed {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly { readonly name: string; readonly summary: string }[];
  readonly subcommands: readonly { readonly name: string; readonly summary: string }[];
}

const globals = ["--dir", "--env", "--json", "--no-color", "--help"];

/** Commands, subcommands and options; a script of its own, so that a key press starts no process. */
export function completionScript(shell: "bash" | "zsh" | "fish", commands: readonly Completed[]): string {
  switch (shell) {
    case "bash":
      return bash(commands);
    case "zsh":
      return `#compdef douze\nautoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`;
    case "fish":
      return fish(commands);
  }
}

function bash(commands: readonly Completed[]): string {
  const cases = commands.map(({ name, options, subcommands }) => {
    const words = [...subcommands.map((each) => each.name), ...options.map((each) => each.name), ...globals];
    return `    ${name}) words="${words.join(" ")}" ;;`;
  });
  return `_douze() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command="" word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) command="$word"; break ;; esac
  done
  case "$command" in
    "") words="${commands.map((each) => each.name).join(" ")} ${globals.join(" ")}" ;;
${cases.join("\n")}
    *) words="" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _douze douze
`;
}

function fish(commands: readonly Completed[]): string {
  const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap(({ name, summary, options, subcommands }) => [
    `complete -c douze -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
    ...subcommands.map(
      (each) => `complete -c douze -n '__fish_seen_subcommand_from ${name}' -f -a ${each.name} -d ${quoted(each.summary)}`,
    ),
    ...options.map(
      (each) => `complete -c douze -n '__fish_seen_subcommand_from ${name}' -l ${each.name.slice(2)} -d ${quoted(each.summary)}`,
    ),
  ]);
  return `${lines.join("\n")}\n`;
}
