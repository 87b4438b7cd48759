/** How often the time that has passed is drawn anew, in milliseconds. */
const everyMs = 1000;

// There is one terminal, and at most one line of it that is not final: whoever writes takes it away first.
let shown: { readonly stream: NodeJS.WriteStream; readonly timer: NodeJS.Timeout } | undefined;

/** Keeps a line at the bottom of a terminal up to date until something else is written. */
export function showLive(stream: NodeJS.WriteStream, text: () => string): void {
  endLive();
  const draw = (): void => void stream.write(`\r\u001b[2K${text()}`);
  const timer = setInterval(draw, everyMs);
  timer.unref();
  shown = { stream, timer };
  draw();
}

/** Takes it away. */
export function endLive(): void {
  if (!shown) return;
  clearInterval(shown.timer);
  shown.stream.write("\r\u001b[2K");
  shown = undefined;
}

process.on("exit", endLive);
