import { expect, test } from "vitest";
import { isBackedUp, neededSegments } from "../../../src/resources/plan/backup-contents.ts";
import { identities } from "../../../src/resources/plan/identities.ts";
import { postgresEnvironment } from "../../../src/resources/plan/postgres-environment.ts";
import { postmaster, servesData, startFailure } from "../../../src/resources/plan/postmaster.ts";
import { type ResourceUrl, resourceUrl } from "../../../src/resources/plan/resource-url.ts";
import { fittingPrograms } from "../../../src/resources/postgres/programs.ts";

const ready = "4242\n/srv/data\n1795218337\n15432\n\n127.0.0.1\n 10119413        13\nready   \n";

test("a server's note is read line by line as it comes", () => {
  expect(postmaster(ready)).toEqual({ pid: 4242, data: "/srv/data", port: 15_432, status: "ready" });
  expect(postmaster("4242\n/srv/data\n17952")).toMatchObject({ pid: 4242, status: "starting" });
  expect(postmaster(ready.replace("ready", "stopping"))).toMatchObject({ status: "stopping" });
  expect(postmaster("-4242\n/srv/data\n1\n0\n")).toMatchObject({ pid: 4242, status: "stopping" });
  for (const text of ["", "\n", "abc\n", "0\n", "1\n/srv/data\n"]) expect(postmaster(text)).toBeUndefined();
});

test("a pid is a server's only with its folder among the arguments", () => {
  expect(servesData(["/usr/bin/postgres", "-D", "/srv/data", "-c", "port=1"], "/srv/data")).toBe(true);
  expect(servesData(["/usr/bin/postgres", "-D", "/srv/data2"], "/srv/data")).toBe(false);
  expect(servesData(["vi", "/srv/data"], "/srv/data")).toBe(false);
  expect(servesData([], "/srv/data")).toBe(false);
});

test.each([
  ['could not bind IPv4 address "127.0.0.1": Address already in use', "port-taken"],
  ["FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use", "memory-in-use"],
  ["FATAL:  could not access directory", "other"],
])("%s", (log, failure) => expect(startFailure(log)).toBe(failure));

test.each([
  ["PG_VERSION", true],
  ["base/1/1259", true],
  ["pg_wal", true],
  ["pg_wal/000000010000000000000001", false],
  ["pg_replslot/slot/state", false],
  ["postmaster.pid", false],
  ["backup_label", false],
  ["global/pg_control", false],
  ["global/pg_internal.init", false],
  ["base/pgsql_tmp/x", false],
  ["base/5/postmaster.pid", true],
])("a backup takes %s: %s", (path, taken) => expect(isBackedUp(path)).toBe(taken));

test("a backup takes the journal from its first to its last segment", () => {
  const segment = (number: number): string => `0000000100000000${number.toString(16).toUpperCase().padStart(8, "0")}`;
  const label = `START WAL LOCATION: 0/A000028 (file ${segment(10)})\nCHECKPOINT LOCATION: 0/A000080\n`;
  const names = [segment(12), segment(9), segment(10), segment(11), segment(13), "archive_status", "00000002.history"];
  expect(neededSegments(names, label, segment(12))).toEqual([segment(10), segment(11), segment(12), "00000002.history"]);
  expect(() => neededSegments(names, "", segment(12))).toThrow("names no first segment");
});

const passwd = "root:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/:/bin/false\nnobody:x:65534:65534::/:/bin/false\n";

test("as whom a server runs", () => {
  const tools = { unshare: "/usr/bin/unshare", setpriv: "/usr/bin/setpriv" };
  expect(identities({ uid: 1, accounts: passwd, ...tools })).toEqual([{ wrap: [] }]);
  // Without a name of its own, as some clusters run containers.
  expect(identities({ uid: 12_345, accounts: passwd, ...tools })).toMatchObject([
    { wrap: expect.arrayContaining(["--map-user=65534"]) },
    { wrap: [] },
  ]);
  expect(identities({ uid: 0, accounts: passwd, ...tools })).toMatchObject([
    { wrap: expect.arrayContaining(["/usr/bin/unshare"]), owner: { uid: 0 } },
    { wrap: [], uid: 65_534, owner: { uid: 65_534 } },
    { wrap: expect.arrayContaining(["/usr/bin/setpriv"]), owner: { uid: 65_534 } },
  ]);
  expect(identities({ uid: 0, accounts: `${passwd}postgres:x:101:104::/:/bin/sh\n`, unshare: undefined, setpriv: undefined })).toEqual([
    { wrap: [], uid: 101, gid: 104, owner: { uid: 101, gid: 104 } },
  ]);
  expect(identities({ uid: 0, accounts: "", ...tools })).toEqual([]);
});

test("a URL as PostgreSQL's programs read it", () => {
  const url = "postgres://u%40x:p%3Aw@one:5433,two/app?sslmode=require&application_name=x&connect_timeout=5&pgbouncer=true";
  expect(postgresEnvironment(resourceUrl(url) as ResourceUrl)).toEqual({
    PGHOST: "one,two",
    PGPORT: "5433,5432",
    PGUSER: "u@x",
    PGPASSWORD: "p:w",
    PGDATABASE: "app",
    PGSSLMODE: "require",
    PGAPPNAME: "x",
    PGCONNECT_TIMEOUT: "5",
  });
});

test("data get a server of their version, new ones the best", () => {
  const [newest, older] = [18, 15].map((major) => ({ major, initdb: "", postgres: "", env: {} }));
  const both = [newest, older].filter((each) => each !== undefined);
  expect(fittingPrograms(both, "db", undefined)).toBe(newest);
  expect(fittingPrograms(both, "db", 15)).toBe(older);
  expect(() => fittingPrograms(both, "db", 17)).toThrow(expect.objectContaining({ code: "resource-data-version" }));
  expect(() => fittingPrograms([], "db", undefined)).toThrow(
    expect.objectContaining({ code: "resource-not-installed", fix: expect.stringContaining("apt-get install postgresql`") }),
  );
});
