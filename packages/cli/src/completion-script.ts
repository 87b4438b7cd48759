/** What a shell is told of one command. */
export interface Completed {
  /** `config set`; empty for the program itself, whose options all commands take. */
  readonly path: string;
  readonly options: readonly CompletedOption[];
  readonly subcommands: readonly { readonly name: string; readonly summary: string }[];
  readonly words: readonly CompletedWord[];
}

export interface CompletedOption {
  /** `-f`, `--follow` */
  readonly names: readonly string[];
  readonly summary: string;
  /** Absent when no value follows. */
  readonly value?: Words;
}

/** An argument. */
export interface CompletedWord {
  readonly words: Words;
  /** Whether it may be given more than once. */
  readonly variadic: boolean;
}

/** Certain words, names that `douze completion --words <kind>` lists, or what nobody knows before. */
export type Words = readonly string[] | WordKind | "other";

export const wordKinds = ["environments", "processes", "releases", "keys", "resources", "entries"] as const;
export type WordKind = (typeof wordKinds)[number];

export type Shell = "bash" | "zsh" | "fish";

export function completionScript(shell: Shell, commands: readonly Completed[]): string {
  switch (shell) {
    case "bash":
      return bash(commands);
    case "zsh":
      return `#compdef douze\nautoload -Uz compinit bashcompinit && { (( \${+functions[compdef]} )) || compinit; bashcompinit; }\n${bash(commands)}`;
    case "fish":
      return fish(commands);
  }
}

/** Commands and options are in the script itself, so that most key presses start no process; names come from a running engine. */
function bash(commands: readonly Completed[]): string {
  const named = commands.filter(({ path }) => path !== "");
  const program = commands.find(({ path }) => path === "");
  const globals = (program?.options ?? []).filter(({ names }) => !names.includes("--version"));
  const all = [...commands.flatMap(({ options }) => options), ...globals];
  const values = [
    ...globals.flatMap((option) => valueCases("*", option)),
    ...named.flatMap(({ path, options }) => options.flatMap((option) => valueCases(`"${path}"`, option))),
  ];
  return `_douze() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path="" word words="" options="" value="" count=0
  local -a given=()
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ -n $value ]]; then
      case "$value" in ${globals.flatMap(({ names, value }) => (value === undefined ? [] : names)).join("|")}) given+=("$value" "$word") ;; esac
      value=""
      continue
    fi
    case "$word" in
      --) return ;;
      ${unique(all.flatMap(({ names, value }) => (value === undefined ? [] : names))).join("|")}) value="$word" ;;
      -*) ;;
      *)
        case "\${path:+$path }$word" in
          ${named.map(({ path }) => `"${path}"`).join("|")}) path="\${path:+$path }$word"; count=0 ;;
          *) count=$((count + 1)) ;;
        esac ;;
    esac
  done
  case "$path|$previous" in
${values.map((each) => `    ${each}`).join("\n")}
    *) if [[ -n $value ]]; then return; fi ;;
  esac
  if [[ -z $words ]]; then
    case "$path" in
${commands.map((each) => `      ${bashCase(each)}`).join("\n")}
    esac
    if [[ $current == -* ]]; then words="$options ${globals.flatMap(({ names }) => names).join(" ")}"; fi
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _douze douze
`;
}

function valueCases(path: string, { names, value }: CompletedOption): string[] {
  if (value === undefined || value === "other") return [];
  return [`${names.map((name) => `${path}"|${name}"`).join("|")}) words="${bashText(value)}" ;;`];
}

function bashCase({ path, options, subcommands, words }: Completed): string {
  const given = words.map(({ words: each, variadic }, index) => {
    const text = bashText(each);
    return text === "" ? [] : [`[[ $count -${variadic ? "ge" : "eq"} ${index} ]] && words="${text}"`];
  });
  const below = subcommands.length === 0 ? [] : [`[[ $count -eq 0 ]] && words="${subcommands.map(({ name }) => name).join(" ")}"`];
  return `"${path}") ${[`options="${options.flatMap(({ names }) => names).join(" ")}"`, ...below, ...given.flat()].join("; ")} ;;`;
}

function bashText(words: Words): string {
  if (words === "other") return "";
  return typeof words === "string" ? `$(douze "\${given[@]}" completion --words ${words} 2>/dev/null)` : words.join(" ");
}

function fish(commands: readonly Completed[]): string {
  const paths = commands.map(({ path }) => path);
  const lines = commands.flatMap(({ path, options, subcommands, words }) => {
    const here = path === "" ? "__fish_use_subcommand" : seen(path, paths);
    const anywhere = path === "" ? [] : [`-n ${quoted(here)}`];
    return [
      ...subcommands.map(({ name, summary }) => `complete -c douze -n ${quoted(here)} -f -a ${name} -d ${quoted(summary)}`),
      ...options.map((option) => ["complete -c douze", ...anywhere, ...fishOption(option)].join(" ")),
      ...words.flatMap(({ words: each }) =>
        each === "other" ? [] : [`complete -c douze -n ${quoted(here)} -f -a ${quoted(fishText(each))}`],
      ),
    ];
  });
  return `${unique(lines).join("\n")}\n`;
}

/** Below a command that has commands of its own, only as long as none of those is named. */
function seen(path: string, paths: readonly string[]): string {
  const below = paths.filter((each) => each.startsWith(`${path} `)).map((each) => each.slice(path.length + 1));
  const named = path.split(" ").map((word) => `__fish_seen_subcommand_from ${word}`);
  return [...named, ...(below.length > 0 ? [`not __fish_seen_subcommand_from ${below.join(" ")}`] : [])].join("; and ");
}

function fishOption({ names, summary, value }: CompletedOption): string[] {
  const flags = names.map((name) => (name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const follows = value === undefined ? [] : value === "other" ? ["-r"] : ["-x", `-a ${quoted(fishText(value))}`];
  return [...flags, ...follows, `-d ${quoted(summary)}`];
}

function fishText(words: readonly string[] | WordKind): string {
  return typeof words === "string" ? `(douze completion --words ${words} 2>/dev/null)` : words.join(" ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

function unique(lines: readonly string[]): string[] {
  return [...new Set(lines)];
}
