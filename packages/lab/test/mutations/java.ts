import { firstStore, type Mutation, madeUpKey, type Temptation } from "./mutation.ts";

const web = "src/Web.java";
const pages = "src/Pages.java";
const worker = "src/Worker.java";
const config = "src/Config.java";
const sessions = "src/Sessions.java";

const create = "    HttpServer server = HttpServer.create(new InetSocketAddress(Config.HOST, Config.PORT), 0);\n";
const end = '    System.out.println("stopped");\n    // Else';
const liveness = '      case "GET /livez":\n';
const requestLine = '      System.out.println(request + " " + answer.status() + " " + (System.nanoTime() - began) / 1_000_000 + "ms");\n';
const errorLine = '        System.out.println("error: " + request + ": " + error.getClass().getSimpleName());\n';
const insertNote = '    Store.call("LPUSH", "notes", id);\n';
const lastPagesImport = "import java.util.List;\n";
const webCommand = "command: java -XX:-UsePerfData -cp out Web";
const home = 'System.getenv("HOME")';

const pom = (version: string): string => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>notes</groupId>
  <artifactId>notes</artifactId>
  <version>1.0.0</version>
  <dependencies>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-api</artifactId>
      <version>${version}</version>
    </dependency>
  </dependencies>
</project>
`;

export const mutations: readonly Mutation[] = [
  {
    check: "II.lock-exact",
    says: "declares a library in whatever version is the latest",
    edits: [{ file: "pom.xml", write: pom("LATEST") }],
  },
  {
    check: "III.secret-in-tree",
    says: "has an access key in its code",
    edits: [{ file: "src/Backup.java", write: `final class Backup {\n  static final String ACCESS_KEY_ID = "${madeUpKey}";\n}\n` }],
  },
  {
    check: "III.required-env-fails-fast",
    says: "finds out at the first visit that SESSION_SECRET is missing",
    edits: [{ file: config, from: 'SESSION_SECRET = required("SESSION_SECRET")', to: 'SESSION_SECRET = optional("SESSION_SECRET", "")' }],
  },
  {
    check: "III.canary-leak",
    says: "shows its environment at /debug",
    edits: [
      {
        file: pages,
        from: liveness,
        to: `      case "GET /debug":\n        return new Answer(200, System.getenv().toString());\n${liveness}`,
      },
    ],
  },
  {
    check: "IV.handle-swap",
    says: "has the store's address in its code",
    // In the web process alone: the release task finds the right one.
    edits: [
      { file: "src/Store.java", from: "new Redis(Config.REDIS_URL)", to: "new Redis(url)" },
      { file: "src/Store.java", from: "  static Object call(", to: "  static String url = Config.REDIS_URL;\n\n  static Object call(" },
      { file: web, from: create, to: `    Store.url = Store.url.replaceFirst("@[^:/]+", "@${firstStore}");\n${create}` },
    ],
  },
  {
    check: "IV.survives-detach",
    says: "never connects again",
    edits: [
      {
        file: "src/Store.java",
        from: "  static Object call(Object... words)",
        to: "  private static Redis line;\n\n  static synchronized Object call(Object... words)",
      },
      {
        file: "src/Store.java",
        from: `    Redis connection = free();
    if (connection == null) connection = new Redis(Config.REDIS_URL);
    try {
      Object answer = connection.call(words);
      FREE.add(connection);
      return answer;
    } catch (IOException | RuntimeException error) {
      connection.close();
      throw error;
    }
`,
        to: "    if (line == null) line = new Redis(Config.REDIS_URL);\n    return line.call(words);\n",
      },
    ],
  },
  {
    check: "V.no-build-at-run",
    says: "is compiled at each start",
    edits: [{ file: "douze.yaml", from: webCommand, to: "command: javac -d /tmp/out src/*.java; exec java -XX:-UsePerfData -cp out Web" }],
  },
  {
    check: "V.readonly-code",
    says: "writes into its own folder when it starts",
    edits: [
      {
        file: web,
        from: "import java.util.concurrent.Executors;\n",
        to: "import java.nio.file.Files;\nimport java.nio.file.Path;\nimport java.util.concurrent.Executors;\n",
      },
      { file: web, from: create, to: `    Files.writeString(Path.of("settings.json"), "{}");\n${create}` },
    ],
  },
  // V.migrate-not-in-start cannot be broken: Redis has no schema.
  {
    check: "VI.session-portable",
    says: "keeps sessions in its memory",
    edits: [
      {
        file: sessions,
        from: '    Object visits = Store.call("INCR", "session:" + id);\n    Store.call("EXPIRE", "session:" + id, SECONDS);\n    return visits;\n',
        to: "    return COUNTS.merge(id, 1, Integer::sum);\n",
      },
      {
        file: sessions,
        from: "  private static final int SECONDS",
        to: "  private static final java.util.Map<String, Integer> COUNTS = new java.util.concurrent.ConcurrentHashMap<>();\n  private static final int SECONDS",
      },
    ],
  },
  {
    check: "VI.data-visible-everywhere",
    says: "reads the notes once, and has them in its memory from then on",
    edits: [
      { file: pages, from: lastPagesImport, to: `${lastPagesImport}import java.util.concurrent.ConcurrentSkipListMap;\n` },
      {
        file: pages,
        from: "  private static Answer front() throws IOException {\n",
        to: `  private static final ConcurrentSkipListMap<Long, String> KEPT = new ConcurrentSkipListMap<>();

  static void load() throws IOException {
    for (Object id : Store.list("LRANGE", "notes", 0, -1)) KEPT.put(number(id), String.valueOf(Store.call("GET", "note:" + id)));
  }

  private static Answer front() throws IOException {
`,
      },
      {
        file: pages,
        from: `    List<?> ids = Store.list("LRANGE", "notes", 0, 19);
    if (!ids.isEmpty()) {
      List<Object> words = new ArrayList<>(List.of("MGET"));
      for (Object id : ids) words.add("note:" + id);
      List<?> texts = Store.list(words.toArray());
      for (int at = 0; at < ids.size(); at++) items.append("<li><a href=\\"/notes/" + ids.get(at) + "\\">" + escaped(texts.get(at)) + "</a></li>\\n");
    }
`,
        to: '    KEPT.descendingMap().forEach((id, text) -> items.append("<li><a href=\\"/notes/" + id + "\\">" + escaped(text) + "</a></li>\\n"));\n',
      },
      { file: pages, from: insertNote, to: `${insertNote}    KEPT.put(number(id), text);\n` },
      { file: pages, from: 'Object text = Store.call("GET", "note:" + id);', to: "Object text = KEPT.get(Long.parseLong(id));" },
      { file: web, from: create, to: `    Pages.load();\n${create}` },
    ],
  },
  {
    check: "VI.restart-keeps-state",
    says: "throws the notes away when it ends",
    edits: [
      {
        file: web,
        from: end,
        to: `    try {
      for (Object id : Store.list("LRANGE", "notes", 0, -1)) Store.call("DEL", "note:" + id);
      Store.call("DEL", "notes");
    } catch (IOException error) {
      System.out.println("the notes are still there");
    }
${end}`,
      },
    ],
  },
  {
    check: "VI.no-durable-files",
    says: "keeps a copy of each note in a file",
    edits: [
      {
        file: pages,
        from: "import java.nio.charset.StandardCharsets;\n",
        to: "import java.nio.charset.StandardCharsets;\nimport java.nio.file.Files;\nimport java.nio.file.Path;\nimport java.nio.file.StandardOpenOption;\n",
      },
      {
        file: pages,
        from: insertNote,
        to: `${insertNote}    String copy = "{\\"id\\":" + id + ",\\"text\\":\\"" + escaped(text) + "\\"}\\n";
    Files.writeString(Path.of(${home}, "notes.json"), copy, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
`,
      },
    ],
  },
  {
    check: "VII.honours-port",
    says: "listens at a port of its own choice",
    edits: [{ file: config, from: 'Integer.parseInt(optional("PORT", "5000"))', to: "5000" }],
  },
  {
    check: "VII.all-interfaces",
    says: "listens at the machine's own address alone",
    edits: [{ file: config, from: 'HOST = optional("HOST", "0.0.0.0")', to: 'HOST = "127.0.0.1"' }],
  },
  {
    check: "VII.no-fixed-extra-ports",
    says: "has metrics at a fixed port, where it is free",
    edits: [
      {
        file: web,
        from: create,
        to: `    try {
      HttpServer.create(new InetSocketAddress("0.0.0.0", 9464), 0).start();
    } catch (java.net.BindException taken) {
      System.out.println("no metrics");
    }
${create}`,
      },
    ],
  },
  {
    check: "VIII.scales-out",
    says: "takes a lock that only one process on a machine can have",
    edits: [
      {
        file: web,
        from: "import java.util.concurrent.Executors;\n",
        to: "import java.nio.channels.FileChannel;\nimport java.nio.file.Path;\nimport java.nio.file.StandardOpenOption;\nimport java.util.concurrent.Executors;\n",
      },
      {
        file: web,
        from: create,
        // The kernel's lock goes with the process; what is left of the file is in nobody's way.
        to: `    lock = FileChannel.open(Path.of("/tmp/notes-web.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (lock.tryLock() == null) {
      System.out.println("another one runs already");
      System.exit(1);
    }
${create}`,
      },
      {
        file: web,
        from: "  private static volatile boolean stopping",
        to: "  private static FileChannel lock;\n  private static volatile boolean stopping",
      },
    ],
  },
  {
    check: "VIII.no-daemon",
    says: "puts its worker into the background",
    edits: [
      { file: "douze.yaml", from: "worker: java -XX:-UsePerfData -cp out Worker", to: "worker: java -XX:-UsePerfData -cp out Worker &" },
    ],
  },
  {
    check: "VIII.no-pidfile",
    says: "writes a PID file",
    edits: [
      {
        file: web,
        from: create,
        to: `    java.nio.file.Files.writeString(java.nio.file.Path.of(${home}, "web.pid"), String.valueOf(ProcessHandle.current().pid()));\n${create}`,
      },
    ],
  },
  {
    check: "IX.sigterm-in-flight",
    says: "ends at SIGTERM whatever it has in hand",
    edits: [
      {
        file: web,
        from: '    System.out.println("finishing");\n',
        to: '    System.out.println("finishing");\n    Runtime.getRuntime().halt(0);\n',
      },
    ],
  },
  {
    check: "IX.sigterm-exit",
    says: "never gets to its end after SIGTERM",
    edits: [
      { file: web, from: '    System.out.println("finishing");\n', to: '    System.out.println("not now");\n    pause(Long.MAX_VALUE);\n' },
    ],
    also: ["IX.signal-reaches", "IX.sigterm-as-pid1"],
  },
  {
    check: "IX.signal-reaches",
    says: "is started by a shell that stays",
    edits: [{ file: "douze.yaml", from: webCommand, to: "command: sh -c 'java -XX:-UsePerfData -cp out Web; echo \"ended with $?\"'" }],
    also: ["IX.sigterm-as-pid1"],
  },
  {
    check: "IX.sigterm-as-pid1",
    says: "leaves SIGTERM to the system, in its worker",
    edits: [
      { file: "douze.yaml", from: "worker: java -XX:-UsePerfData -cp out Worker", to: "worker: java -Xrs -XX:-UsePerfData -cp out Worker" },
    ],
  },
  {
    check: "IX.worker-returns-job",
    says: "takes a job out of the queue before it is done, and ends at once",
    edits: [
      { file: worker, from: "    stopping.countDown();\n", to: "    Runtime.getRuntime().halt(0);\n    stopping.countDown();\n" },
      { file: worker, from: 'Store.call("LMOVE", "jobs:waiting", MINE, "RIGHT", "LEFT")', to: 'Store.call("RPOP", "jobs:waiting")' },
      { file: worker, from: 'Store.call("EVAL", FINISH, 2, MINE, "jobs:done", job)', to: 'Store.call("INCR", "jobs:done")' },
    ],
    also: ["IX.sigkill-redelivers"],
  },
  {
    check: "IX.crash-restart",
    says: "takes the lock file of a dead process for a living one",
    edits: [
      {
        file: web,
        from: "import java.util.concurrent.Executors;\n",
        to: "import java.nio.file.Files;\nimport java.nio.file.Path;\nimport java.util.concurrent.Executors;\n",
      },
      // By port, so that others on the same machine are not in its way.
      {
        file: web,
        from: "  private static volatile boolean stopping",
        to: `  private static final Path LOCK = Path.of(${home}, "web-" + Config.PORT + ".lock");\n  private static volatile boolean stopping`,
      },
      { file: web, from: create, to: `    Files.createFile(LOCK);\n${create}` },
      { file: web, from: end, to: `    LOCK.toFile().delete();\n${end}` },
    ],
  },
  {
    check: "XI.stdout",
    says: "logs to a file",
    edits: [
      {
        file: web,
        from: create,
        to: `    Config.check();\n    System.setOut(new java.io.PrintStream(new java.io.FileOutputStream(${home} + "/web.log", true), true));\n${create}`,
      },
    ],
    also: ["XI.no-logfile", "XI.error-visible"],
  },
  {
    check: "XI.no-logfile",
    says: "logs to a file as well",
    edits: [
      {
        file: web,
        from: "import java.util.concurrent.Executors;\n",
        to: "import java.nio.file.Files;\nimport java.nio.file.Path;\nimport java.nio.file.StandardOpenOption;\nimport java.util.concurrent.Executors;\n",
      },
      {
        file: web,
        from: requestLine,
        to: `${requestLine}      String line = java.time.Instant.now() + " " + request + " " + answer.status() + "\\n";
      Files.writeString(Path.of(${home}, "access.log"), line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
`,
      },
    ],
  },
  {
    check: "XI.unbuffered",
    says: "keeps lines back until there are many, where no person watches",
    edits: [
      {
        file: web,
        from: "import java.io.IOException;\n",
        to: "import java.io.BufferedOutputStream;\nimport java.io.FileDescriptor;\nimport java.io.FileOutputStream;\nimport java.io.IOException;\nimport java.io.PrintStream;\n",
      },
      {
        file: web,
        from: "import java.util.concurrent.Executors;\n",
        to: "import java.nio.file.Files;\nimport java.nio.file.Path;\nimport java.util.concurrent.Executors;\n",
      },
      {
        file: web,
        from: create,
        to: `    Config.check();
    boolean isWatched = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).startsWith("/dev/pts");
    System.setOut(new PrintStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 65_536), isWatched));
${create}`,
      },
      { file: web, from: errorLine, to: errorLine.replace("System.out", "System.err") },
      { file: web, from: end, to: `    System.out.flush();\n${end}` },
    ],
  },
  {
    check: "XI.error-visible",
    says: "says nothing of what fails",
    edits: [
      { file: web, from: errorLine, to: "" },
      { file: web, from: requestLine, to: requestLine.replace("      System", "      if (answer.status() < 500) System") },
    ],
  },
  {
    check: "XII.same-release",
    says: "leaves the release task out of the build",
    edits: [{ file: "douze.yaml", from: "-d out src/*.java", to: "-d out -sourcepath src src/Web.java src/Worker.java" }],
  },
  {
    check: "XII.migrate-idempotent",
    says: "refuses a store that was prepared before",
    edits: [
      {
        file: "src/Prepare.java",
        from: '    Store.call("SET", "notes:last", 1000, "NX");\n',
        to: '    if (Store.call("SET", "notes:last", 1000, "NX") == null) throw new IOException("this store has notes already");\n',
      },
    ],
  },
];

export const tempting: readonly Temptation[] = [
  {
    check: "II.lock-exact",
    says: "has a pom with an exact version, without a lock file, and a range in a comment",
    edits: [{ file: "pom.xml", write: pom("2.0.17<!-- not [2,3) -->") }],
  },
  {
    check: "III.secret-in-tree",
    says: "has a key of the documentation in a test, and a harmless .env",
    edits: [
      {
        file: "test/UploadTest.java",
        write:
          'final class UploadTest {\n  static final String ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE";\n  static final String PASSWORD = "correct horse battery staple";\n}\n',
      },
      { file: ".gitignore", from: ".env\n", to: "" },
      { file: ".env", write: "GREETING=Hello\nREDIS_URL=redis://:changeme@localhost:6379/0\nSESSION_SECRET=changeme\n" },
    ],
  },
  {
    check: "III.required-env-fails-fast",
    says: "declares a variable that it can do without",
    edits: [
      { file: "douze.yaml", from: "  SESSION_SECRET:", to: "  MOTTO: { required: false }\n  SESSION_SECRET:" },
      { file: config, from: 'optional("GREETING", "Hello")', to: 'optional("MOTTO", optional("GREETING", "Hello"))' },
    ],
  },
  {
    check: "III.canary-leak",
    says: "shows the names of its variables at /debug, and no value",
    edits: [
      {
        file: pages,
        from: liveness,
        to: `      case "GET /debug":\n        return new Answer(200, String.join("\\n", System.getenv().keySet()) + "\\n");\n${liveness}`,
      },
    ],
  },
  {
    check: "IV.handle-swap",
    says: "speaks of localhost where the address names no host",
    edits: [
      {
        file: "src/Redis.java",
        from: "new InetSocketAddress(address.getHost(),",
        to: 'new InetSocketAddress(address.getHost() == null ? "localhost" : address.getHost(),',
      },
    ],
  },
  {
    check: "V.no-build-at-run",
    says: "is started by a class that is named as if it compiled something",
    edits: [
      {
        file: "src/Javac.java",
        write:
          "final class Javac {\n  public static void main(String[] arguments) throws java.io.IOException {\n    Web.main(arguments);\n  }\n}\n",
      },
      { file: "douze.yaml", from: webCommand, to: "command: java -XX:-UsePerfData -cp out Javac" },
    ],
  },
  {
    check: "V.readonly-code",
    says: "keeps a cache beside its code where it can, and does without where it cannot",
    edits: [
      {
        file: web,
        from: create,
        to: `    try {
      java.nio.file.Files.writeString(java.nio.file.Path.of("cache.json"), "{}");
    } catch (IOException error) {
      System.out.println("no cache");
    }
${create}`,
      },
    ],
  },
  {
    check: "VI.session-portable",
    says: "gives each answer a cookie with another name of the session; former ones stay good",
    edits: [
      {
        file: pages,
        from: '        return new Answer(200, page("<p>Visits: " + Sessions.countVisit(id) + "</p>"), null, Sessions.cookie(id));\n',
        to: `        Object visits = Sessions.countVisit(id);
        String next = Sessions.idIn(null);
        Store.call("SET", "session:" + next, visits);
        return new Answer(200, page("<p>Visits: " + visits + "</p>"), null, Sessions.cookie(next));
`,
      },
    ],
  },
  {
    check: "VI.no-durable-files",
    says: "writes a file that lasts as long as one request",
    edits: [
      {
        file: pages,
        from: insertNote,
        to: `${insertNote}    java.io.File brief = java.io.File.createTempFile("note", ".txt");
    java.nio.file.Files.writeString(brief.toPath(), text);
    System.out.println(brief.length() + " bytes");
    brief.delete();
`,
      },
    ],
  },
  {
    check: "VII.honours-port",
    says: "has another port as its default, and speaks of localhost",
    edits: [{ file: config, from: 'optional("PORT", "5000"));', to: 'optional("PORT", "3000")); // http://localhost:3000' }],
  },
  {
    check: "VII.no-fixed-extra-ports",
    says: "has metrics at a port that the kernel chooses",
    edits: [{ file: web, from: create, to: `    HttpServer.create(new InetSocketAddress("0.0.0.0", 0), 0).start();\n${create}` }],
  },
  {
    check: "VIII.no-pidfile",
    says: "writes a file that has the name of a PID file, and no number in it",
    edits: [
      {
        file: web,
        from: create,
        to: `    java.nio.file.Files.writeString(java.nio.file.Path.of(${home}, "web.pid"), "none is needed\\n");\n${create}`,
      },
    ],
  },
  {
    check: "IX.sigterm-exit",
    says: "ends with 143 when it has finished, as the JVM does by itself",
    edits: [{ file: web, from: "    // Else it would end with 143.\n    Runtime.getRuntime().halt(0);\n", to: "" }],
  },
  {
    check: "IX.signal-reaches",
    says: "is started by a shell that becomes the program",
    edits: [{ file: "douze.yaml", from: webCommand, to: "command: sh -c 'exec java -XX:-UsePerfData -cp out Web'" }],
  },
  {
    check: "XI.stdout",
    says: "logs to the standard error",
    edits: [{ file: web, from: create, to: `    System.setOut(System.err);\n${create}` }],
  },
];
