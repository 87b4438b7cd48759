/** Options that every command takes, with whether a value follows. Pure knowledge: `main.ts` declares them to the parser. */
const globals: Readonly<Record<string, boolean>> = {
  "-C": true,
  "--dir": true,
  "-e": true,
  "--env": true,
  "--json": false,
  "--no-color": false,
};

/** The command that is asked for: the first word that is no option, nor the value of one; with `help`, the word after. */
export function calledCommand(argv: readonly string[]): string | undefined {
  const at = commandAt(argv);
  return argv[at] === "help" ? argv[at + 1] : argv[at];
}

/**
 * Moves options that every command takes to the front of a `douze run` line: after the program's own name they belong to the
 * program, but between `run` and it they are ours.
 */
export function hoisted(argv: readonly string[]): readonly string[] {
  const run = commandAt(argv);
  if (argv[run] !== "run") return argv;
  const ours: string[] = [];
  const rest: string[] = [];
  let at = run + 1;
  for (; at < argv.length; at++) {
    const word = argv[at] ?? "";
    if (word === "--" || !word.startsWith("-")) break;
    if (!isGlobal(word)) rest.push(word);
    else ours.push(...argv.slice(at, takesValue(word) ? ++at + 1 : at + 1));
  }
  return [...argv.slice(0, run), ...ours, "run", ...rest, ...argv.slice(at)];
}

/** Whether problems are wanted as JSON, also on a line that could not be read to its end. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end < 0 ? argv.length : end).includes("--json");
}

function commandAt(argv: readonly string[]): number {
  const at = argv.findIndex((word, index) => !word.startsWith("-") && !takesValue(argv[index - 1] ?? ""));
  return at < 0 ? argv.length : at;
}

function isGlobal(word: string): boolean {
  return Object.hasOwn(globals, word.split("=", 1)[0] ?? "");
}

/** `--env=staging` and `-estaging` hold theirs already. */
function takesValue(word: string): boolean {
  return Object.hasOwn(globals, word) && globals[word] === true;
}
