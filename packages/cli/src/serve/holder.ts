import { spawn } from "node:child_process";
import type { OpenPort } from "@douze/local";

/** An engine that ends with it wants to be started again at once: another version may lie there now. @see sysexits.h, EX_TEMPFAIL */
export const againStatus = 75;

/** Of Node for an engine, which runs for long and has little to do: what was just made is looked through early, for a tenth less memory. */
export const engineFlags: readonly string[] = ["--max-semi-space-size=2"];

/**
 * Keeps the public sockets open and an engine running. It is a shell, because that is the smallest program that can hand sockets on, and
 * because it has nothing to do that could fail. An engine's own refusal to start is final only the first time: later there is something
 * to lose, and whatever is in the way may go away.
 *
 * Arguments: the file for the exit status, then the engine's command.
 */
const holderScript = `
status_file=$1; shift
engine= ending= began=
trap 'ending=1; kill -TERM "$engine" 2>/dev/null' TERM INT
trap 'kill -HUP "$engine" 2>/dev/null' HUP
while :; do
  "$@" & engine=$!
  while wait "$engine"; status=$?; kill -0 "$engine" 2>/dev/null; do :; done
  [ -z "$ending" ] || break
  case $status in
    0) break ;;
    ${againStatus}) ;;
    1|2|78) [ -n "$began" ] || break; sleep 1 ;;
    *) echo "the engine ended with status $status; another one takes over" >&2; [ "$status" -gt 128 ] || sleep 1 ;;
  esac
  began=1
done
echo "$status" >"$status_file.aside" && mv "$status_file.aside" "$status_file"
`;

/**
 * Stands in the place of the command that was called: passes signals on, and ends as the holder does. As process 1 of a container it
 * also takes leave of those whose parents have ended.
 *
 * Arguments: the holder's process, and the file for its exit status.
 */
const waiterScript = `
holder=$1 status_file=$2 pause=1
trap 'pause=0.1; kill -TERM "$holder"' TERM INT
trap 'kill -HUP "$holder"' HUP
while [ ! -s "$status_file" ] && kill -0 "$holder" 2>/dev/null; do sleep $pause & wait $!; done
status=$(cat "$status_file" 2>/dev/null)
rm -f "$status_file"
exit "\${status:-137}"
`;

/**
 * Starts the holder with the sockets, which are closed here, and becomes the waiter.
 *
 * @param ports - as just opened
 * @param command - the engine's, which is given the sockets by `LISTEN_FDS`
 */
export function becomeHolder(ports: readonly OpenPort[], command: readonly string[], statusFile: string, env: NodeJS.ProcessEnv): never {
  const holder = spawn("/bin/sh", ["-c", holderScript, "douze", statusFile, ...command], {
    stdio: ["ignore", "inherit", "inherit", ...ports.map(({ fd }) => fd)],
    // A terminal's Ctrl-C comes to it by the waiter alone, once.
    detached: true,
    env: { ...env, LISTEN_FDS: String(ports.length), LISTEN_PID: "" },
  });
  for (const port of ports) port.close();
  if (holder.pid === undefined) throw new Error("/bin/sh could not be started");
  process.execve?.("/bin/sh", ["sh", "-c", waiterScript, "douze", String(holder.pid), statusFile], env);
  throw new Error("this system cannot replace a process's program");
}
