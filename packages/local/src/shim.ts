import { shellQuoted } from "@douze/core";
import { type AppUser, becoming } from "./isolation/app-user.ts";

/**
 * Runs beside each process as its parent and as leader of its group, outlives the engine, and writes down how the process ended.
 * Arguments: the run folder, the inner script, the shell for it, the folders of its cgroups. In this order:
 *
 * - it writes its own pid and start time, and ends if it cannot: a folder that was swept away means that nobody expects it;
 * - it enters its cgroups, and the app with it, before there is an app: nothing escapes them;
 * - handlers that do nothing, in place of ignoring: what is ignored would be inherited by the app;
 * - its own stderr goes nowhere, and not by descriptor 3, where an inherited socket may be: a shell tells "Terminated" of others, and that is no line of the app's;
 * - the app runs in the foreground: in the background a shell would have it ignore SIGINT;
 * - what it tells is one line in one write, and a line without its newline is not read: nobody meets half of it, and no program
 *   is needed that the app's PATH may not lead to;
 * - a status that cannot be written, to a full disk, is at least told to an engine that is there;
 * - at last it kills the whole group, itself included: no grandchild keeps the port, engine or no engine, and since the leader
 *   is alive when it does so, the group's number cannot belong to anyone else.
 */
export const shim = `
trap : HUP INT QUIT ALRM TERM USR1 USR2
exec 9>&2 2>/dev/null
groups=$4
ticks=0
read -r stat </proc/$$/stat && stat=\${stat##*) } && set -- "$1" "$2" "$3" $stat && ticks=\${23}
echo "$$ $ticks" >"$1/shim" || exit 70
for group in $groups; do
  echo $$ >"$group/cgroup.procs" || { echo "douze: the cgroup $group cannot be entered" >&9; exit 70; }
done
"$3" -c "$2" sh "$1"
status=$?
echo "$status" >"$1/exit" || exit "$status"
kill -KILL 0
`;

/**
 * The inner script: writes the pid that the app will have, gives the app its standard error back, and becomes it.
 *
 * With `profile` it sources `.profile.d/*.sh` and `.profile` first, as Heroku does. With `inherits` it says for whom the inherited
 * sockets are meant, by the pid that is known only here.
 */
export function innerScript(command: string, options: InnerOptions): string {
  const { user, shell, files } = options;
  const bound = files === undefined ? "" : `ulimit -n ${files} || exit 70\n`;
  const begin = `echo $$ >"$1/pid"; shift; exec 2>&9 9>&-\n${bound}`;
  if (!user) return begin + appScript(command, options);
  return `${begin}exec ${becoming(user).join(" ")} ${shell} -c ${shellQuoted(toldScript + appScript(command, options))} sh`;
}

export interface InnerOptions {
  readonly profile: boolean;
  readonly inherits: boolean;
  /** The shell of the command. */
  readonly shell: string;
  /** Whom the app runs as. Its environment then comes by `environmentFd` and not before: no variable that it sets must ever touch a program of root's. */
  readonly user?: AppUser;
  /** Open files of one process at most. */
  readonly files?: number;
}

/** Where the app's environment comes from, as `environmentText`. One digit: other shells know no more. */
export const environmentFd = 8;

/** A torn one, of an engine that was killed while it told it, starts nothing. */
const toldScript = `told=$(cat <&${environmentFd}); exec ${environmentFd}<&-
case $told in *"#whole") eval "$told"; unset told ;; *) exit 70 ;; esac
`;

/** An environment as a shell reads it. */
export function environmentText(env: Readonly<Record<string, string>>): string {
  return `${Object.entries(env)
    .map(([key, value]) => `export ${key}=${shellQuoted(value)}\n`)
    .join("")}#whole`;
}

function appScript(command: string, { profile, inherits }: InnerOptions): string {
  const sourced = `for profile in .profile.d/*.sh .profile; do [ -f "$profile" ] && . "./$profile"; done; unset profile\n`;
  return `${inherits ? "export LISTEN_PID=$$\n" : ""}${profile ? sourced : ""}${command}`;
}
