import { firstDatabase, type Mutation, madeUpKey, type Temptation } from "./mutation.ts";

const start = "server.listen(port, host, () => console.log(`listening on ${host}:${port}`));";
const requestLine = "console.log(`${request.method} ${request.url} ${status} ${Math.round(performance.now() - began)}ms`);";
const stopLines = "  stopping = true;\n  console.log(`${signal}: finishing`);\n";
const firstImport = 'import { createServer } from "node:http";\n';

export const mutations: readonly Mutation[] = [
  {
    check: "II.lock-exact",
    says: "has no lock file",
    edits: [{ file: "package-lock.json", remove: true }],
    builds: false,
  },
  {
    check: "III.secret-in-tree",
    says: "has an access key in its code",
    edits: [{ file: "backup.js", write: `export const bucket = { region: "eu-central-1", accessKeyId: "${madeUpKey}" };\n` }],
  },
  {
    check: "III.required-env-fails-fast",
    says: "finds out at the first visit that SESSION_SECRET is missing",
    edits: [
      {
        file: "config.js",
        from: 'export const sessionSecret = required("SESSION_SECRET");',
        to: "export const sessionSecret = process.env.SESSION_SECRET;",
      },
    ],
  },
  {
    check: "III.canary-leak",
    says: "shows its environment at /debug",
    edits: [
      {
        file: "web.js",
        from: '  ["GET", /^\\/livez$/',
        to: '  ["GET", /^\\/debug$/, async () => [200, { "content-type": "application/json" }, JSON.stringify(process.env)]],\n  ["GET", /^\\/livez$/',
      },
    ],
  },
  {
    check: "IV.handle-swap",
    says: "has the database's address in its code",
    edits: [
      {
        file: "database.js",
        from: "connectionString: databaseUrl,",
        to: `connectionString: Object.assign(new URL(databaseUrl), { hostname: "${firstDatabase}" }).href,`,
      },
    ],
  },
  {
    check: "IV.survives-detach",
    says: "never connects again",
    edits: [
      {
        file: "database.js",
        from: "  const result = await database.query(sql, values);",
        to: "  client ??= await database.connect();\n  const result = await client.query(sql, values);",
      },
      { file: "database.js", from: "export async function rows", to: "let client;\n\nexport async function rows" },
    ],
  },
  {
    check: "V.no-build-at-run",
    says: "installs its packages at each start",
    edits: [
      { file: "douze.yaml", from: "command: node web.js", to: "command: npm install --offline --no-audit --no-fund; exec node web.js" },
    ],
  },
  {
    check: "V.readonly-code",
    says: "writes into its own folder when it starts",
    edits: [
      { file: "web.js", from: firstImport, to: `import { writeFileSync } from "node:fs";\n${firstImport}` },
      {
        file: "web.js",
        from: start,
        to: `writeFileSync(new URL("settings.json", import.meta.url), JSON.stringify({ node: process.version }));\n${start}`,
      },
    ],
  },
  {
    check: "V.migrate-not-in-start",
    says: "makes a table when it starts",
    edits: [
      {
        file: "web.js",
        from: start,
        to: `await rows("create table if not exists notes (id bigserial primary key, text text not null)");\n${start}`,
      },
    ],
  },
  {
    check: "VI.session-portable",
    says: "keeps sessions in its memory",
    edits: [
      { file: "sessions.js", from: 'import { rows } from "./database.js";\n', to: "" },
      { file: "sessions.js", from: 'const name = "visitor";', to: 'const name = "visitor";\nconst sessions = new Map();' },
      {
        file: "sessions.js",
        from: `  const [{ visits }] = await rows(
    "insert into sessions (id, visits) values ($1, 1) on conflict (id) do update set visits = sessions.visits + 1 returning visits",
    id,
  );
`,
        to: "  const visits = (sessions.get(id) ?? 0) + 1;\n  sessions.set(id, visits);\n",
      },
    ],
  },
  {
    check: "VI.data-visible-everywhere",
    says: "reads the notes once, and has them in its memory from then on",
    edits: [
      { file: "web.js", from: "async function keepNote", to: "const notes = new Map();\n\nasync function keepNote" },
      {
        file: "web.js",
        from: 'async () => [200, html, frontPage(await rows("select id, text from notes order by id desc limit 20"))]',
        to: "async () => [200, html, frontPage([...notes].reverse().slice(0, 20).map(([id, text]) => ({ id, text })))]",
      },
      {
        file: "web.js",
        from: '  const [{ id }] = await rows("insert into notes (text) values ($1) returning id", text);',
        to: '  const [{ id }] = await rows("insert into notes (text) values ($1) returning id", text);\n  notes.set(id, text);',
      },
      {
        file: "web.js",
        from: '  const [note] = await rows("select text from notes where id = $1", id);\n  return note ? [200, html, notePage(note)]',
        to: "  return notes.has(id) ? [200, html, notePage({ text: notes.get(id) })]",
      },
      {
        file: "web.js",
        from: start,
        to: `for (const { id, text } of await rows("select id, text from notes order by id")) notes.set(id, text);\n${start}`,
      },
    ],
  },
  {
    check: "VI.restart-keeps-state",
    says: "throws the notes away when it ends",
    edits: [
      {
        file: "web.js",
        from: '  server.close(() => {\n    console.log("stopped");',
        to: '  server.close(async () => {\n    await rows("delete from notes");\n    console.log("stopped");',
      },
    ],
  },
  {
    check: "VI.no-durable-files",
    says: "keeps a copy of each note in a file",
    edits: [
      {
        file: "web.js",
        from: firstImport,
        to: `import { appendFile } from "node:fs/promises";\n${firstImport}import { homedir } from "node:os";\n`,
      },
      {
        file: "web.js",
        from: "  return [303, { location: `/notes/${id}` }",
        to: "  await appendFile(`${homedir()}/notes.json`, `${JSON.stringify({ id, text })}\\n`);\n  return [303, { location: `/notes/${id}` }",
      },
    ],
  },
  {
    check: "VII.honours-port",
    says: "listens at a port of its own choice",
    edits: [{ file: "config.js", from: "Number(process.env.PORT ?? 5000)", to: "5000" }],
  },
  {
    check: "VII.all-interfaces",
    says: "listens at the machine's own address alone",
    edits: [{ file: "config.js", from: 'process.env.HOST ?? "0.0.0.0"', to: '"127.0.0.1"' }],
  },
  {
    check: "VII.no-fixed-extra-ports",
    says: "has metrics at a fixed port, where it is free",
    edits: [
      {
        file: "web.js",
        from: start,
        to: `createServer((_request, response) => response.end("requests 1\\n"))\n  .on("error", () => console.log("no metrics"))\n  .listen(9464);\n${start}`,
      },
    ],
  },
  {
    check: "VIII.scales-out",
    says: "takes a lock that only one process on a machine can have",
    edits: [
      { file: "web.js", from: firstImport, to: `${firstImport}import { createServer as createLock } from "node:net";\n` },
      {
        file: "web.js",
        from: start,
        // In the abstract namespace: it goes with the process, and leaves no file.
        to: `createLock().listen("\\0notes-web");\n${start}`,
      },
    ],
  },
  {
    check: "VIII.no-daemon",
    says: "puts its worker into the background",
    edits: [{ file: "douze.yaml", from: "worker: node worker.js", to: "worker: node worker.js &" }],
  },
  {
    check: "VIII.no-pidfile",
    says: "writes a PID file",
    edits: [
      {
        file: "web.js",
        from: firstImport,
        to: `import { writeFileSync } from "node:fs";\n${firstImport}import { homedir } from "node:os";\n`,
      },
      { file: "web.js", from: start, to: `writeFileSync(\`\${homedir()}/web.pid\`, String(process.pid));\n${start}` },
    ],
  },
  {
    check: "IX.sigterm-in-flight",
    says: "ends at SIGTERM whatever it has in hand",
    edits: [{ file: "web.js", from: stopLines, to: `${stopLines}  process.exit(0);\n` }],
  },
  {
    check: "IX.sigterm-exit",
    says: "ignores SIGTERM",
    edits: [{ file: "web.js", from: 'process.on("SIGTERM", stop);', to: 'process.on("SIGTERM", () => console.log("not now"));' }],
    also: ["IX.signal-reaches", "IX.sigterm-as-pid1"],
  },
  {
    check: "IX.sigterm-exit",
    says: "waits for connections that nobody uses any more",
    edits: [
      { file: "web.js", from: firstImport, to: `${firstImport}import { Server } from "node:net";\n` },
      { file: "web.js", from: "  server.close(() => {", to: "  Server.prototype.close.call(server, () => {" },
      { file: "web.js", from: "  server.closeIdleConnections();\n", to: "" },
      { file: "web.js", from: start, to: `server.keepAliveTimeout = 120_000;\n${start}` },
    ],
  },
  {
    check: "IX.signal-reaches",
    says: "is started by a shell that stays",
    edits: [{ file: "douze.yaml", from: "command: node web.js", to: "command: sh -c 'node web.js; echo \"ended with $?\"'" }],
    also: ["IX.sigterm-as-pid1"],
  },
  {
    check: "IX.sigterm-as-pid1",
    says: "leaves SIGTERM to the system, in its worker",
    edits: [
      {
        file: "worker.js",
        from: 'for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => stopping.abort());',
        to: 'process.on("SIGINT", () => stopping.abort());',
      },
    ],
  },
  {
    check: "IX.worker-returns-job",
    says: "takes a job out of the queue before it is done, and ends at once",
    edits: [
      { file: "worker.js", from: "process.on(signal, () => stopping.abort());", to: "process.on(signal, () => process.exit(0));" },
      {
        file: "worker.js",
        from: '"select id from jobs where done_at is null order by id limit 1 for update skip locked"',
        to: '"delete from jobs where id in (select id from jobs where done_at is null order by id limit 1 for update skip locked) returning id"',
      },
      {
        file: "worker.js",
        from: "    for (const { id } of rows) {\n      await sleep",
        to: '    await client.query("commit");\n    for (const { id } of rows) {\n      await sleep',
      },
      {
        file: "worker.js",
        from: '"update jobs set done_at = now() where id = $1"',
        to: '"insert into jobs (id, done_at) values ($1, now())"',
      },
      {
        file: "worker.js",
        from: '    await client.query("commit");\n    for (const { id } of rows) console.log',
        to: "    for (const { id } of rows) console.log",
      },
    ],
    also: ["IX.sigkill-redelivers"],
  },
  {
    check: "IX.crash-restart",
    says: "takes the lock file of a dead process for a living one",
    edits: [
      {
        file: "web.js",
        from: firstImport,
        to: `import { rmSync, writeFileSync } from "node:fs";\n${firstImport}import { homedir } from "node:os";\n`,
      },
      {
        file: "web.js",
        from: start,
        // By port, so that others on the same machine are not in its way.
        to: `const lock = \`\${homedir()}/web-\${port}.lock\`;\nwriteFileSync(lock, "", { flag: "wx" });\nprocess.on("exit", () => rmSync(lock));\n${start}`,
      },
    ],
  },
  {
    check: "XI.stdout",
    says: "logs to a file",
    edits: [
      {
        file: "web.js",
        from: firstImport,
        to: `import { appendFileSync } from "node:fs";\n${firstImport}import { homedir } from "node:os";\n`,
      },
      {
        file: "web.js",
        from: "const html =",
        to: "console.log = (line) => appendFileSync(`${homedir()}/web.log`, `${new Date().toISOString()} ${line}\\n`);\n\nconst html =",
      },
    ],
    also: ["XI.no-logfile", "XI.error-visible"],
  },
  {
    check: "XI.no-logfile",
    says: "logs to a file as well",
    edits: [
      {
        file: "web.js",
        from: firstImport,
        to: `import { appendFileSync } from "node:fs";\n${firstImport}import { homedir } from "node:os";\n`,
      },
      {
        file: "web.js",
        from: `  ${requestLine}`,
        to: `  ${requestLine}\n  appendFileSync(\`\${homedir()}/access.log\`, \`\${new Date().toISOString()} \${request.method} \${request.url} \${status}\\n\`);`,
      },
    ],
  },
  {
    check: "XI.unbuffered",
    says: "keeps lines back until there are many, where no person watches",
    edits: [
      {
        file: "web.js",
        from: `  ${requestLine}`,
        to: `  kept.push(\`\${request.method} \${request.url} \${status} \${Math.round(performance.now() - began)}ms\\n\`);\n  if (process.stdout.isTTY || kept.length > 100) flush();`,
      },
      {
        file: "web.js",
        from: "let stopping = false;",
        to: 'let stopping = false;\nconst kept = [];\n\nfunction flush() {\n  process.stdout.write(kept.splice(0).join(""));\n}',
      },
      { file: "web.js", from: '    console.log("stopped");', to: '    flush();\n    console.log("stopped");' },
    ],
  },
  {
    check: "XI.error-visible",
    says: "says nothing of what fails",
    edits: [
      {
        file: "web.js",
        from: "  } catch (error) {\n    console.log(`error: ${request.method} ${request.url}: ${reason(error)}`);\n  }",
        to: "  } catch {\n    // The answer tells it.\n  }",
      },
      { file: "web.js", from: "import { reason, rows } from", to: "import { rows } from" },
      { file: "web.js", from: `  ${requestLine}`, to: `  if (status < 500) ${requestLine}` },
    ],
  },
  {
    check: "XII.same-release",
    says: "migrates with a package that is there for developers alone",
    edits: [
      { file: "migrate.js", from: "import { database }", to: 'import "dotenv/config";\nimport { database }' },
      {
        file: "package.json",
        from: '    "pg": "8.23.1"\n  }',
        to: '    "pg": "8.23.1"\n  },\n  "devDependencies": {\n    "dotenv": "18.0.10"\n  }',
      },
      {
        file: "package-lock.json",
        from: '        "pg": "8.23.1"\n      },\n',
        to: '        "pg": "8.23.1"\n      },\n      "devDependencies": {\n        "dotenv": "18.0.10"\n      },\n',
      },
      {
        file: "package-lock.json",
        from: '    "node_modules/pg": {',
        to: `    "node_modules/dotenv": {
      "version": "18.0.10",
      "integrity": "sha512-89FAA1xchzK2mxVWdr5F/0rldwiueXs6zJM86rO66EzekR1iBdiXRthyG+m5GvkJaFH3C2LESzamTkgndmLT2A==",
      "dev": true,
      "license": "BSD-2-Clause",
      "engines": {
        "node": ">=12"
      }
    },
    "node_modules/pg": {`,
      },
    ],
  },
  {
    check: "XII.migrate-idempotent",
    says: "does every step of the migration each time",
    edits: [{ file: "migrate.js", from: "let number = done.rows[0].count;", to: "let number = 0;" }],
  },
];

export const tempting: readonly Temptation[] = [
  {
    check: "III.secret-in-tree",
    says: "has a key of the documentation in a test, and a harmless .env",
    edits: [
      {
        file: "test/upload.test.js",
        write:
          'const accessKeyId = "AKIAIOSFODNN7EXAMPLE";\nconst password = "correct horse battery staple";\nconsole.log(accessKeyId.length, password.length);\n',
      },
      { file: ".gitignore", from: ".env\n", to: "" },
      { file: ".env", write: "GREETING=Hello\nDATABASE_URL=postgres://notes:notes@localhost:5432/notes\nSESSION_SECRET=changeme\n" },
    ],
  },
  {
    check: "III.required-env-fails-fast",
    says: "declares a variable that it can do without",
    edits: [
      { file: "douze.yaml", from: "  SESSION_SECRET:", to: "  MOTTO: { required: false }\n  SESSION_SECRET:" },
      { file: "config.js", from: 'process.env.GREETING ?? "Hello"', to: 'process.env.MOTTO ?? process.env.GREETING ?? "Hello"' },
    ],
  },
  {
    check: "III.canary-leak",
    says: "shows the names of its variables at /debug, and no value",
    edits: [
      {
        file: "web.js",
        from: '  ["GET", /^\\/livez$/',
        to: '  ["GET", /^\\/debug$/, async () => [200, {}, Object.keys(process.env).join("\\n")]],\n  ["GET", /^\\/livez$/',
      },
    ],
  },
  {
    check: "IV.handle-swap",
    says: "takes the address apart, with localhost where it names no host",
    edits: [
      {
        file: "database.js",
        from: "  connectionString: databaseUrl,",
        to: `  host: url.hostname || "localhost",
  port: Number(url.port || 5432),
  user: decodeURIComponent(url.username),
  password: decodeURIComponent(url.password),
  database: url.pathname.slice(1),`,
      },
      { file: "database.js", from: "/** Connects when", to: "const url = new URL(databaseUrl);\n\n/** Connects when" },
    ],
  },
  {
    check: "V.no-build-at-run",
    says: "is started by a file that is named as if it installed something",
    edits: [
      { file: "npm-install.js", write: 'import "./web.js";\n' },
      { file: "douze.yaml", from: "command: node web.js", to: "command: node npm-install.js" },
    ],
  },
  {
    check: "V.migrate-not-in-start",
    says: "speaks of tables in a comment of its SQL",
    edits: [
      { file: "web.js", from: 'rows("select id, text from', to: 'rows("/* CREATE TABLE notes is for migrate.js */ select id, text from' },
    ],
  },
  {
    check: "VI.session-portable",
    says: "gives each answer a cookie with another name of the session; former ones stay good",
    edits: [
      {
        file: "sessions.js",
        from: "  return { visits, cookie:",
        to: '  const next = randomBytes(16).toString("hex");\n  await rows("insert into sessions (id, visits) values ($1, $2)", next, visits);\n  return { visits, cookie:',
      },
      { file: "sessions.js", from: "`${name}=${id}.${signature(id)}; Path", to: "`${name}=${next}.${signature(next)}; Path" },
    ],
  },
  {
    check: "VI.no-durable-files",
    says: "writes a file that lasts as long as one request",
    edits: [
      {
        file: "web.js",
        from: firstImport,
        to: `import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";\n${firstImport}import { tmpdir } from "node:os";\n`,
      },
      {
        file: "web.js",
        from: "  return [303, { location: `/notes/${id}` }",
        to: "  const folder = await mkdtemp(`${tmpdir()}/note-`);\n  await writeFile(`${folder}/text`, text);\n  console.log(`${(await readFile(`${folder}/text`)).length} bytes`);\n  await rm(folder, { recursive: true });\n  return [303, { location: `/notes/${id}` }",
      },
    ],
  },
  {
    check: "VII.honours-port",
    says: "has another port as its default, and speaks of localhost",
    edits: [
      { file: "config.js", from: "Number(process.env.PORT ?? 5000)", to: "Number(process.env.PORT ?? 3000); // http://localhost:3000" },
    ],
  },
  {
    check: "VII.no-fixed-extra-ports",
    says: "has metrics at a port that the kernel chooses",
    edits: [
      { file: "web.js", from: start, to: `createServer((_request, response) => response.end("requests 1\\n")).listen(0);\n${start}` },
    ],
  },
  {
    check: "VIII.no-pidfile",
    says: "writes a file that has the name of a PID file, and no number in it",
    edits: [
      {
        file: "web.js",
        from: firstImport,
        to: `import { writeFileSync } from "node:fs";\n${firstImport}import { homedir } from "node:os";\n`,
      },
      { file: "web.js", from: start, to: `writeFileSync(\`\${homedir()}/web.pid\`, "none is needed\\n");\n${start}` },
    ],
  },
  {
    check: "IX.sigterm-exit",
    says: "ends with 143 when it has finished",
    edits: [{ file: "web.js", from: "    process.exit(0);", to: "    process.exit(143);" }],
  },
  {
    check: "IX.signal-reaches",
    says: "is started by a shell that becomes the program",
    edits: [{ file: "douze.yaml", from: "command: node web.js", to: "command: sh -c 'exec node web.js'" }],
  },
  {
    check: "XI.stdout",
    says: "logs to the standard error",
    edits: [{ file: "web.js", from: "const html =", to: "console.log = console.error;\n\nconst html =" }],
  },
];
