/** What a shell alone can run: with `exec` before it there would be no such program. */
const shellWords = new Set(
  ". : alias bg break case cd command continue do done elif else esac eval exec exit export fc fg fi for function getopts hash if in jobs local read readonly return select set shift source then time times trap type ulimit umask unalias unset until wait while ! { } [[ (".split(
    " ",
  ),
);

const assignment = /^[A-Za-z_][A-Za-z0-9_]*=/;

/**
 * What the shell is given. A simple command is put behind `exec`, so that no shell stays between the platform and the app;
 * where there are operators, or words that only a shell knows, the shell stays and runs them.
 */
export function shellCommand(command: string): string {
  const { simple, start, word } = takeApart(command);
  if (!simple || /^$|[<>]/.test(word) || shellWords.has(word)) return command;
  return `${command.slice(0, start)}exec ${command.slice(start)}`;
}

/**
 * The program that a simple command runs, where its name is plain text; undefined where only a shell can tell.
 */
export function programOf(command: string): string | undefined {
  const { simple, start, word } = takeApart(command);
  const ownPath = /(^|\s)PATH=/.test(command.slice(0, start));
  if (!simple || ownPath || shellWords.has(word)) return undefined;
  return /^[A-Za-z0-9_@%+:,./-]+$/.test(word) ? word : undefined;
}

interface Parts {
  /** No operator outside quotes and substitutions. */
  readonly simple: boolean;
  /** Where the first word that is no assignment begins. */
  readonly start: number;
  readonly word: string;
}

function takeApart(command: string): Parts {
  let at = skipBlanks(command, 0);
  for (;;) {
    const end = wordEnd(command, at);
    const word = command.slice(at, end);
    if (!assignment.test(word)) return { simple: isSimple(command), start: at, word };
    at = skipBlanks(command, end);
  }
}

function isSimple(command: string): boolean {
  for (let at = 0; at < command.length; ) {
    const next = skipToken(command, at);
    if (next === undefined) return false;
    if (next === at + 1 && isOperator(command, at)) return false;
    at = next;
  }
  return true;
}

function isOperator(command: string, at: number): boolean {
  const char = command[at] ?? "";
  if (char === "&" || char === "|") {
    // `2>&1`, `<&3`, `>|file` and `&>file` are redirections.
    const before = command[at - 1];
    return before !== ">" && before !== "<" && !(char === "&" && command[at + 1] === ">");
  }
  return ";()\n\r".includes(char);
}

function wordEnd(command: string, from: number): number {
  let at = from;
  while (at < command.length && !/\s/.test(command[at] ?? "") && !isOperator(command, at)) at = skipToken(command, at) ?? command.length;
  return at;
}

function skipBlanks(command: string, from: number): number {
  let at = from;
  while (command[at] === " " || command[at] === "\t") at++;
  return at;
}

/** The place after the character, quoted text or substitution that begins here; undefined when it has no end. */
function skipToken(command: string, at: number): number | undefined {
  switch (command[at]) {
    case "\\":
      return at + 2;
    case "'":
      return after(command, "'", at + 1);
    case '"':
      return skipQuoted(command, at + 1);
    case "`":
      return after(command, "`", at + 1);
    case "$":
      if (command[at + 1] === "(") return skipNested(command, at + 2, "(", ")");
      if (command[at + 1] === "{") return skipNested(command, at + 2, "{", "}");
      return at + 1;
    default:
      return at + 1;
  }
}

function skipQuoted(command: string, from: number): number | undefined {
  for (let at = from; at < command.length; ) {
    if (command[at] === '"') return at + 1;
    const next = command[at] === "'" ? at + 1 : skipToken(command, at);
    if (next === undefined) return undefined;
    at = next;
  }
  return undefined;
}

function skipNested(command: string, from: number, open: string, close: string): number | undefined {
  let depth = 1;
  for (let at = from; at < command.length; ) {
    if (command[at] === close && --depth === 0) return at + 1;
    if (command[at] === open) depth++;
    const next = skipToken(command, at);
    if (next === undefined) return undefined;
    at = next;
  }
  return undefined;
}

function after(command: string, char: string, from: number): number | undefined {
  const found = command.indexOf(char, from);
  return found < 0 ? undefined : found + 1;
}
