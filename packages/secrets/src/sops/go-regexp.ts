/**
 * Reads a regular expression of Go, as sops has them in its selectors.
 *
 * @throws SyntaxError - what cannot be said in JavaScript: better refused than matched otherwise
 */
export function goRegexp(source: string): RegExp {
  const [, flags = "", rest = source] = /^\(\?([ims]+)\)(.*)$/s.exec(source) ?? [];
  const body = rest.replace(/\\[pP][A-Z]|\\.|\[\[:|\(\?P</gs, (token) => {
    if (token === "[[:") throw new SyntaxError("a POSIX class");
    return sameMeaning[token] ?? (/^\\p./i.test(token) ? `${token.slice(0, 2)}{${token.slice(2)}}` : bare(token));
  });
  return new RegExp(body, `u${flags}`);
}

const sameMeaning: Readonly<Record<string, string>> = { "(?P<": "(?<", "\\A": "(?<![\\s\\S])", "\\z": "(?![\\s\\S])", "\\-": "\\x2d" };

/** JavaScript's `u` refuses escapes of what needs none, which Go takes. */
function bare(escaped: string): string {
  return /^\\[!"#%&',:;<=>@_`~]$/.test(escaped) ? escaped.slice(1) : escaped;
}
