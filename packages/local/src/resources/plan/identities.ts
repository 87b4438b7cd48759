/** As whom a server runs that refuses to be root. */
export interface Identity {
  /** What its command line begins with. */
  readonly wrap: readonly string[];
  /** For the system call that starts it. */
  readonly uid?: number;
  readonly gid?: number;
  /** Who must own its files, as seen from here; absent: whoever makes them. */
  readonly owner?: Account;
}

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export interface IdentitiesIn {
  /** Of this process. */
  readonly uid: number;
  /** What `/etc/passwd` says. */
  readonly accounts: string;
  readonly unshare: string | undefined;
  readonly setpriv: string | undefined;
}

/**
 * As whom a server can run, best first; each is tried, since what a container allows is not known before.
 *
 * - Who is not root runs it as oneself; a user without a name, as some clusters give to containers, needs a namespace to get one.
 * - In a user namespace of its own, where root's files belong to another account: it has no power over the machine, and finds
 *   data and programs wherever root put them. Many containers forbid it.
 * - As an unprivileged account, where that can reach data and programs.
 * - As an unprivileged account that may also pass through folders that are closed to it, as below `/root`.
 */
export function identities({ uid, accounts, unshare, setpriv }: IdentitiesIn): readonly Identity[] {
  const account = unprivileged(accounts);
  if (uid !== 0)
    return isNamed(uid, accounts) || !account || unshare === undefined
      ? [{ wrap: [] }]
      : [{ wrap: namespace(unshare, account) }, { wrap: [] }];
  if (!account) return [];
  const as = [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups"];
  // Without the last of them, access(2) would deny what all other calls allow.
  const reach = ["--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override", "--securebits=+no_setuid_fixup"];
  return [
    ...(unshare === undefined ? [] : [{ wrap: namespace(unshare, account), owner: { uid: 0, gid: 0 } }]),
    { wrap: [], ...account, owner: account },
    ...(setpriv === undefined ? [] : [{ wrap: [setpriv, ...as, ...reach, "--"], owner: account }]),
  ];
}

function namespace(unshare: string, { uid, gid }: Account): readonly string[] {
  return [unshare, "--user", `--map-user=${uid}`, `--map-group=${gid}`, "--"];
}

function isNamed(uid: number, accounts: string): boolean {
  return accounts.split("\n").some((line) => line.split(":")[2] === String(uid));
}

/** PostgreSQL's own account where there is one, else the one that is nobody's. It must have a name: `initdb` asks for it. */
function unprivileged(accounts: string): Account | undefined {
  const lines = accounts.split("\n").map((line) => line.split(":"));
  const all = lines.map(([name = "", , uid = "", gid = ""]) => ({ name, uid: Number(uid || 0), gid: Number(gid || 0) }));
  const others = all.filter(({ uid, gid }) => uid > 0 && gid > 0);
  const best = others.find(({ name }) => name === "postgres") ?? others.find(({ name }) => name === "nobody") ?? others[0];
  return best && { uid: best.uid, gid: best.gid };
}
