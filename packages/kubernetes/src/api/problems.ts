import { Problem } from "@douze/core";

/** What an API server says of a request that it did not carry out. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly reason: string;
  readonly causes: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
}

/** Its `Status` object, or what is left of an answer that is none. */
export function refusalOf(status: number, body: string): Refusal {
  try {
    const { message, reason, details } = JSON.parse(body) as {
      readonly message?: string;
      readonly reason?: string;
      readonly details?: { readonly causes?: Refusal["causes"] };
    };
    return { status, message: message ?? "no reason was given", reason: reason ?? "", causes: details?.causes ?? [] };
  } catch {
    return { status, message: body.trim().slice(0, 500) || "no reason was given", reason: "", causes: [] };
  }
}

export function refused(what: string, { status, message, causes }: Refusal): Problem {
  if (status === 401) {
    return new Problem({
      code: "cluster-forbidden",
      what: "the cluster does not know who asks",
      why: message,
      fix: "log in to the cluster again; `kubectl auth whoami` shows whom it takes you for",
    });
  }
  if (status === 403) {
    return new Problem({
      code: "cluster-forbidden",
      what: `the cluster does not let you ${what}`,
      why: message,
      fix: "have the rights granted that the message names; docs/kubernetes.md lists what Douze needs",
    });
  }
  if (status === 409 && causes.length > 0) {
    const whose = causes.map(({ field, message: text }) => `${field ?? ""}: ${text ?? ""}`).join("; ");
    return new Problem({
      code: "cluster-conflict",
      what: `somebody else has changed what Douze was about to ${what}`,
      why: whose,
      fix: "undo that change, or take the fields over: `--force-conflicts`",
    });
  }
  return new Problem({
    code: "cluster-refused",
    what: `the cluster refused to ${what}`,
    why:
      causes.length > 0
        ? `${message} (${causes.map(({ field, message: text }) => `${field ?? ""} ${text ?? ""}`.trim()).join("; ")})`
        : message,
    fix:
      status === 404
        ? "make the namespace (`kubectl create namespace …`, or `manageNamespace: true` in the inventory), and install what the missing kind belongs to"
        : "mend what the message names",
  });
}

export function unreachable(server: string, error: Error): Problem {
  return new Problem({
    code: "cluster-unreachable",
    what: `the cluster at ${server} cannot be reached`,
    why: error.message || ((error as NodeJS.ErrnoException).code ?? "the connection failed"),
    fix: "check the network, and `target.context` in the inventory: `kubectl cluster-info --context <name>`",
    cause: error,
  });
}
