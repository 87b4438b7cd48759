/** How one try to reach a resource went. */
export type Attempt =
  | { readonly kind: "reached"; readonly detail: string }
  /** @property again - whether it may be otherwise in a moment */
  | { readonly kind: "missed"; readonly detail: string; readonly again: boolean };

/** The first pause between two tries, and the longest, in milliseconds. */
const firstPauseMs = 50;
const longestPauseMs = 2_000;

/** How long to wait before the next try; `tries` were made. */
export function pauseMs(tries: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** Math.max(0, tries - 1));
}

/** What an error of a connection means. Messages of libraries are not passed on: they may hold the URL. */
export function missed(error: unknown, address: string): Attempt {
  const code = codeOf(error);
  const again = (detail: string): Attempt => ({ kind: "missed", detail, again: true });
  const final = (detail: string): Attempt => ({ kind: "missed", detail, again: false });
  switch (code) {
    case "ECONNREFUSED":
      return again(`nothing listens at ${address}: the connection is refused`);
    case "ETIMEDOUT":
    case "CONNECT_TIMEOUT":
    case "ABORT_ERR":
      return again(`${address} does not answer in time`);
    case "ENOTFOUND":
    case "ENODATA":
      return again(`the name in ${address} is not known: name resolution finds no such host`);
    case "EAI_AGAIN":
    case "ESERVFAIL":
      return again(`the name in ${address} cannot be resolved at present`);
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EADDRNOTAVAIL":
      return again(`there is no route to ${address}`);
    case "ECONNRESET":
    case "EPIPE":
    case "CONNECTION_CLOSED":
    case "CONNECTION_DESTROYED":
    case "CONNECTION_ENDED":
      return again(`${address} accepts the connection and closes it`);
    case "ENOENT":
      return again(`there is no socket at ${address}`);
    case "CA_UNREADABLE":
      return final("the file that `sslrootcert` names cannot be read");
    case "EACCES":
    case "EPERM":
      return final(`the system does not let this user connect to ${address}`);
    default:
      return final(code === undefined ? `${address} cannot be reached` : tlsReason(code, address));
  }
}

function tlsReason(code: string, address: string): string {
  if (code === "EPROTO" || code.startsWith("ERR_SSL_")) return `${address} does not speak TLS as this machine does (${code})`;
  if (/CERT|SIGNATURE|ISSUER/.test(code)) return `the certificate of ${address} is not trusted (${code})`;
  return `${address} cannot be reached (${code})`;
}

/** Of several addresses of one name, all tried, the first error is told. */
function codeOf(error: unknown): string | undefined {
  const { code, errors } = error as { readonly code?: unknown; readonly errors?: readonly unknown[] };
  if (typeof code === "string") return code;
  return errors?.[0] === undefined ? undefined : codeOf(errors[0]);
}

/** What PostgreSQL says with an SQLSTATE. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
export function postgresMissed(sqlState: string, message: string, address: string, database: string): Attempt {
  switch (sqlState) {
    case "28P01":
    case "28000":
      return { kind: "missed", detail: `${address} refuses the user or its password (authentication failed)`, again: false };
    case "3D000":
      return { kind: "missed", detail: `the server at ${address} has no database \`${database}\``, again: false };
    case "57P03":
      return { kind: "missed", detail: `the server at ${address} is starting or stopping`, again: true };
    case "53300":
      return { kind: "missed", detail: `the server at ${address} has no connection to spare`, again: true };
    default:
      return { kind: "missed", detail: `the server at ${address} answers: ${message} (${sqlState})`, again: false };
  }
}

/** What Redis and its relatives answer when something is wrong. */
export function redisMissed(message: string, address: string): Attempt {
  const [word] = message.split(" ");
  if (word === "LOADING") return { kind: "missed", detail: `the server at ${address} is still loading its data`, again: true };
  if (word === "NOAUTH") return { kind: "missed", detail: `${address} wants a password (authentication failed)`, again: false };
  if (word === "WRONGPASS" || /invalid password|without any password/i.test(message)) {
    return { kind: "missed", detail: `${address} refuses the user or its password (authentication failed)`, again: false };
  }
  if (/DB index/i.test(message)) return { kind: "missed", detail: `the server at ${address} has no database of that number`, again: false };
  return { kind: "missed", detail: `the server at ${address} answers: ${message}`, again: false };
}
