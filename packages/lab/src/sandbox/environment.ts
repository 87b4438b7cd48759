import type { Subject, SubjectBuild } from "../model/subject.ts";
import type { Service } from "./service.ts";

/** What an app on any Unix may expect to find, after its own and its runtime's folders. */
const systemPath = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/**
 * The whole environment of a process, made from nothing: a variable of the lab's own, such as a PYTHONUNBUFFERED, would hide what an app
 * does without it.
 */
export function environmentOf({
  subject,
  build,
  services,
  name,
  port,
}: {
  readonly subject: Subject;
  readonly build: SubjectBuild;
  readonly services: readonly Pick<Service, "need" | "url">[];
  readonly name: string;
  readonly port: number;
}): Record<string, string> {
  return {
    LANG: "C.UTF-8",
    ...build.env,
    ...Object.fromEntries(subject.variables.map(({ name: key, value }) => [key, value])),
    ...Object.fromEntries(services.map(({ need, url }) => [need.variable, url])),
    PATH: [...build.path.map((folder) => `/app/${folder}`), ...build.runtimes, ...systemPath].join(":"),
    HOME: "/home/app",
    TMPDIR: "/tmp",
    PORT: String(port),
    HOST: "0.0.0.0",
    DOUZE_APP: subject.app,
    DOUZE_ENVIRONMENT: "check",
    DOUZE_RELEASE: "v1",
    DOUZE_BUILD: build.digest,
    DOUZE_PROCESS: name,
    DYNO: name,
    ...(build.commit !== undefined && { SOURCE_VERSION: build.commit }),
  };
}
