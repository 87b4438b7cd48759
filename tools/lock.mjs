// Completes package-lock.json: `node tools/lock.mjs` after each `npm install`.
//
// npm leaves optional packages out of the lock that the registry at hand does not serve, as a mirror for one platform does not
// serve those of others; `npm ci` then refuses the lock, on every machine. Each such package gets an entry here: for other
// platforms it is never fetched.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));

const systems = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const processors = ["arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64", "arm", "wasm32"];

/** Which machines a package is for, as its name tells. */
function platform(name) {
  const words = name.split(/[-/]/);
  const os = systems.find((each) => words.includes(each));
  const cpu = processors.find((each) =>
    words.some((word) => word === each || (each !== "arm" && word.startsWith(each)) || (each === "arm" && /^arm(eabi|hf|v\d)?/.test(word))),
  );
  const libc = words.some((word) => word.startsWith("musl")) ? "musl" : words.some((word) => word.startsWith("gnu")) ? "glibc" : undefined;
  return { ...(os && { os: [os] }), ...(cpu && { cpu: [cpu] }), ...(libc && { libc: [libc] }) };
}

let added = 0;
for (const { optionalDependencies = {} } of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const place = `node_modules/${name}`;
    if (lock.packages[place]) continue;
    const machines = platform(name);
    if (!machines.os && !machines.cpu) throw new Error(`${name} is missing in the lock, and its name tells no platform`);
    lock.packages[place] = { version, ...machines, optional: true };
    added += 1;
  }
}
const [root, ...rest] = Object.entries(lock.packages);
lock.packages = Object.fromEntries([root, ...rest.sort(([a], [b]) => (a < b ? -1 : 1))]);
writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`);
console.log(`${added} packages of other platforms added`);
