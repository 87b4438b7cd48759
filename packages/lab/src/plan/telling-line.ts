/** What stands in a trace below an error, or is advice that follows it. */
const beside =
  /^\s*(at |from |File "|\.{3} \d+ (more|levels)|\^+|[{}\])]|goroutine \d|Traceback|Node\.js v|For further information|npm (notice|error A complete log)|errno: |code: '|syscall: )|^\s*[~^]+\s*$|^\s+[\w-]+ \(<internal/;

/** How the line of an error begins, or what it says, in the runtimes that are known here. */
const error =
  /^\s*npm error (?!code |errno |syscall |path |A complete log)\S|^\s*\[?\S*(Error|Exception|Errno::\w+)\b|^Exception in thread|\((\w+::)*\w*(Error|Exit|Interrupt)\)$|^\s*\[?(panic|fatal|FATAL|error|ERROR)\b|\b(command not found|not found$|No such file|Cannot find|No module named|Read-only file system|EROFS|EADDRINUSE|ECONNREFUSED)/;

/**
 * The line that best says why a program failed: the first error, and nothing of the trace below it. The last line is rarely it: runtimes end
 * a trace with its outermost frame, their version or a link. Pure.
 */
export function tellingLine(lines: readonly string[]): string | undefined {
  const said = lines.map(plain).filter((line) => line.trim() !== "" && !beside.test(line));
  return errorLine(lines) ?? said.at(-1)?.trim();
}

/** The first error in a text; nothing where it has none. Pure. */
export function errorLine(lines: readonly string[]): string | undefined {
  return lines
    .map(plain)
    .find((line) => error.test(line) && !beside.test(line))
    ?.trim();
}

function plain(line: string): string {
  return line.replace(/\x1b\[[0-9;]*m/g, "");
}
