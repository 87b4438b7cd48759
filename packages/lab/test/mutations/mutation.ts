/** A change of one file of an app. Its path is relative to the app's folder. */
export type Edit =
  /** `from` occurs exactly once. */
  | { readonly file: string; readonly from: string; readonly to: string }
  | { readonly file: string; readonly write: string }
  | { readonly file: string; readonly remove: true };

/** A change that turns a good app into one that breaks a check, and works otherwise. */
export interface Mutation {
  /** Which check must accuse it: the factor's number and the check's name, as in `IX.sigterm-exit`. */
  readonly check: string;
  /** What the app does then, as in `ignores SIGTERM`. */
  readonly says: string;
  readonly edits: readonly Edit[];
  /** Other checks that it cannot but break as well. */
  readonly also?: readonly string[];
  /** It cannot be built then: only checks that run nothing can tell. Default true. */
  readonly builds?: boolean;
}

/** A change that a naive check would accuse, and a right one must not: `check` names the one that is tempted. */
export type Temptation = Omit<Mutation, "also">;

/** Has the form of an access key, and nobody's: in two parts, so that no scanner takes this file for a leak. */
export const madeUpKey: string = ["AKIA", "Q3ZJ6T5XKLMN2PRS"].join("");

/** Under which name the sandbox has the first of two PostgreSQL services, and of two Redis. */
export const firstDatabase = "db.douze.test";
export const firstStore = "store.douze.test";
