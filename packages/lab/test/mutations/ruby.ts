import { firstStore, type Mutation, madeUpKey, type Temptation } from "./mutation.ts";

const listen = "server = TCPServer.new(HOST, PORT)\n";
const end = 'puts "stopped"\n';
const liveness = '    in ["GET", "/livez"]';
const requestLine = '  puts "#{request.method} #{request.target} #{status} #{ms}ms"\n';
const errorLine = '    puts "error: #{request.method} #{request.target}: #{reason(error)}"\n';
const insertNote = '    Store.call("LPUSH", "notes", id)\n';

export const mutations: readonly Mutation[] = [
  {
    check: "II.lock-exact",
    says: "declares a gem that its lock file does not have",
    edits: [{ file: "Gemfile", from: "# No gems:", to: 'gem "rake"\n\n# Nearly no gems:' }],
    builds: false,
  },
  {
    check: "III.secret-in-tree",
    says: "has an access key in its code",
    edits: [{ file: "backup.rb", write: `BUCKET = { region: "eu-central-1", access_key_id: "${madeUpKey}" }.freeze\n` }],
  },
  {
    check: "III.required-env-fails-fast",
    says: "finds out at the first visit that SESSION_SECRET is missing",
    edits: [{ file: "config.rb", from: 'SESSION_SECRET = required("SESSION_SECRET")', to: 'SESSION_SECRET = ENV["SESSION_SECRET"]' }],
  },
  {
    check: "III.canary-leak",
    says: "shows its environment at /debug",
    edits: [
      {
        file: "pages.rb",
        from: liveness,
        to: `    in ["GET", "/debug"] then [200, {}, ENV.map { |name, value| "#{name}=#{value}\\n" }.join]\n${liveness}`,
      },
    ],
  },
  {
    check: "IV.handle-swap",
    says: "has the store's address in its code",
    // In the web process alone: the release task finds the right one.
    edits: [
      {
        file: "web.rb",
        from: 'require "socket"\n',
        to: `require "socket"\nENV["REDIS_URL"] = ENV["REDIS_URL"]&.sub(/@[^:\\/]+/, "@${firstStore}")\n`,
      },
    ],
  },
  {
    check: "IV.survives-detach",
    says: "never connects again",
    edits: [
      { file: "store.rb", from: "  FREE = Queue.new\n", to: "  LINE = Redis.new(REDIS_URL)\n  ONE_AT_A_TIME = Mutex.new\n" },
      {
        file: "store.rb",
        from: `    connection = free || Redis.new(REDIS_URL)
    answer = connection.call(*words)
    FREE << connection
    answer
  rescue StandardError
    connection&.close
    raise
  end

  def self.free
    connection = FREE.pop(true)
    return connection unless connection.lost?

    connection.close
    free
  rescue ThreadError
    nil
`,
        to: "    ONE_AT_A_TIME.synchronize { LINE.call(*words) }\n",
      },
      { file: "web.rb", from: listen, to: `Store.call("PING")\n${listen}` },
    ],
  },
  {
    check: "V.no-build-at-run",
    says: "installs its gems at each start",
    edits: [{ file: "douze.yaml", from: "command: ruby web.rb", to: "command: bundle install --local --quiet; exec ruby web.rb" }],
  },
  {
    check: "V.readonly-code",
    says: "writes into its own folder when it starts",
    edits: [{ file: "web.rb", from: listen, to: `File.write(File.join(__dir__, "settings.json"), "{}")\n${listen}` }],
  },
  // V.migrate-not-in-start cannot be broken: Redis has no schema.
  {
    check: "VI.session-portable",
    says: "keeps sessions in its memory",
    edits: [
      { file: "sessions.rb", from: "  SECONDS = 1_209_600\n", to: "  SECONDS = 1_209_600\n  COUNTS = Hash.new(0)\n  LOCK = Mutex.new\n" },
      {
        file: "sessions.rb",
        from: '    visits = Store.call("INCR", "session:#{id}")\n    Store.call("EXPIRE", "session:#{id}", SECONDS)\n',
        to: "    visits = LOCK.synchronize { COUNTS[id] += 1 }\n",
      },
    ],
  },
  {
    check: "VI.data-visible-everywhere",
    says: "reads the notes once, and has them in its memory from then on",
    edits: [
      {
        file: "pages.rb",
        from: "# Answers to requests",
        to: `KEPT = Store.call("LRANGE", "notes", 0, -1).reverse.to_h { |id| [id, Store.call("GET", "note:#{id}")] }

# Answers to requests`,
      },
      {
        file: "pages.rb",
        from: `    ids = Store.call("LRANGE", "notes", 0, 19)
    texts = ids.empty? ? [] : Store.call("MGET", *ids.map { "note:#{_1}" })
`,
        to: "    ids = KEPT.keys.last(20).reverse\n    texts = KEPT.values_at(*ids)\n",
      },
      { file: "pages.rb", from: insertNote, to: `${insertNote}    KEPT[id.to_s] = text\n` },
      { file: "pages.rb", from: 'Store.call("GET", "note:#{path.delete_prefix("/notes/")}")', to: 'KEPT[path.delete_prefix("/notes/")]' },
    ],
  },
  {
    check: "VI.restart-keeps-state",
    says: "throws the notes away when it ends",
    edits: [
      {
        file: "web.rb",
        from: end,
        to: `Store.call("LRANGE", "notes", 0, -1).each { |id| Store.call("DEL", "note:#{id}") }\nStore.call("DEL", "notes")\n${end}`,
      },
    ],
  },
  {
    check: "VI.no-durable-files",
    says: "keeps a copy of each note in a file",
    edits: [
      {
        file: "pages.rb",
        from: insertNote,
        to: `${insertNote}    File.write(File.join(Dir.home, "notes.json"), "#{JSON.generate({ id: id, text: text })}\\n", mode: "a")\n`,
      },
    ],
  },
  {
    check: "VII.honours-port",
    says: "listens at a port of its own choice",
    edits: [{ file: "config.rb", from: 'PORT = Integer(ENV.fetch("PORT", "5000"))', to: "PORT = 5000" }],
  },
  {
    check: "VII.all-interfaces",
    says: "listens at the machine's own address alone",
    edits: [{ file: "config.rb", from: 'HOST = ENV.fetch("HOST", "0.0.0.0")', to: 'HOST = "127.0.0.1"' }],
  },
  {
    check: "VII.no-fixed-extra-ports",
    says: "has metrics at a fixed port, where it is free",
    edits: [
      {
        file: "web.rb",
        from: listen,
        to: `begin\n  METRICS = TCPServer.new("0.0.0.0", 9464)\nrescue Errno::EADDRINUSE\n  puts "no metrics"\nend\n${listen}`,
      },
    ],
  },
  {
    check: "VIII.scales-out",
    says: "takes a lock that only one process on a machine can have",
    // In the abstract namespace: it goes with the process, and leaves no file.
    edits: [{ file: "web.rb", from: listen, to: `LOCK = UNIXServer.new("\\0notes-web")\n${listen}` }],
  },
  {
    check: "VIII.no-daemon",
    says: "puts its worker into the background",
    edits: [{ file: "douze.yaml", from: "worker: ruby worker.rb", to: "worker: ruby worker.rb &" }],
  },
  {
    check: "VIII.no-pidfile",
    says: "writes a PID file",
    edits: [{ file: "web.rb", from: listen, to: `File.write(File.join(Dir.home, "web.pid"), Process.pid)\n${listen}` }],
  },
  {
    check: "IX.sigterm-in-flight",
    says: "ends at SIGTERM whatever it has in hand",
    edits: [{ file: "web.rb", from: 'puts "finishing"\n', to: 'puts "finishing"\nexit!(0)\n' }],
  },
  {
    check: "IX.sigterm-exit",
    says: "ignores SIGTERM",
    edits: [{ file: "web.rb", from: "%w[TERM INT].each", to: 'trap("TERM", "IGNORE")\n%w[INT].each' }],
    also: ["IX.signal-reaches", "IX.sigterm-as-pid1"],
  },
  {
    check: "IX.signal-reaches",
    says: "is started by a shell that stays",
    edits: [{ file: "douze.yaml", from: "command: ruby web.rb", to: "command: sh -c 'ruby web.rb; echo \"ended with $?\"'" }],
    also: ["IX.sigterm-as-pid1"],
  },
  {
    check: "IX.sigterm-as-pid1",
    says: "leaves SIGTERM to the system, in its worker",
    // Without a handler of the program's there is still one of Ruby's.
    edits: [{ file: "worker.rb", from: "%w[TERM INT].each", to: 'trap("TERM", "SYSTEM_DEFAULT")\n%w[INT].each' }],
  },
  {
    check: "IX.worker-returns-job",
    says: "takes a job out of the queue before it is done, and ends at once",
    edits: [
      { file: "worker.rb", from: "trap(signal) { stopping = true }", to: "trap(signal) { exit!(0) }" },
      { file: "worker.rb", from: 'Store.call("LMOVE", "jobs:waiting", MINE, "RIGHT", "LEFT")', to: 'Store.call("RPOP", "jobs:waiting")' },
      { file: "worker.rb", from: 'Store.call("EVAL", FINISH, 2, MINE, "jobs:done", job)', to: 'Store.call("INCR", "jobs:done")' },
    ],
    also: ["IX.sigkill-redelivers"],
  },
  {
    check: "IX.crash-restart",
    says: "takes the lock file of a dead process for a living one",
    edits: [
      {
        file: "web.rb",
        from: listen,
        // By port, so that others on the same machine are not in its way.
        to: `lock = File.join(Dir.home, "web-#{PORT}.lock")
File.open(lock, File::CREAT | File::EXCL).close
at_exit { File.delete(lock) }
${listen}`,
      },
    ],
  },
  {
    check: "XI.stdout",
    says: "logs to a file",
    edits: [{ file: "web.rb", from: listen, to: `$stdout.reopen(File.join(Dir.home, "web.log"), "a")\n$stdout.sync = true\n${listen}` }],
    also: ["XI.no-logfile", "XI.error-visible"],
  },
  {
    check: "XI.no-logfile",
    says: "logs to a file as well",
    edits: [
      {
        file: "web.rb",
        from: requestLine,
        to: `${requestLine}  File.write(File.join(Dir.home, "access.log"), "#{Time.now.utc} #{request.method} #{request.target} #{status}\\n", mode: "a")\n`,
      },
    ],
  },
  {
    check: "XI.unbuffered",
    says: "leaves its lines to Ruby's buffer",
    edits: [
      { file: "config.rb", from: "# Lines go out as they are written, whatever the output is.\n$stdout.sync = true\n", to: "" },
      { file: "web.rb", from: errorLine, to: errorLine.replace("puts", "warn") },
    ],
  },
  {
    check: "XI.error-visible",
    says: "says nothing of what fails",
    edits: [
      { file: "web.rb", from: `  rescue StandardError => error\n${errorLine}`, to: "  rescue StandardError\n" },
      { file: "web.rb", from: requestLine, to: requestLine.replace("\n", " if status < 500\n") },
    ],
  },
  {
    check: "XII.same-release",
    says: "takes the release task out of the build",
    edits: [{ file: "douze.yaml", from: "processes:\n", to: "build:\n  command: rm prepare.rb\n\nprocesses:\n" }],
  },
  {
    check: "XII.migrate-idempotent",
    says: "refuses a store that was prepared before",
    edits: [{ file: "prepare.rb", from: '"NX")\n', to: '"NX") or abort "this store has notes already"\n' }],
  },
];

export const tempting: readonly Temptation[] = [
  {
    check: "II.lock-exact",
    says: "has a gem in a comment, and one for tests alone",
    edits: [
      {
        file: "Gemfile",
        from: "# No gems:",
        to: '# gem "puma", ">= 6"\ngroup :test do\n  gem "rake", require: false\nend\n\n# Nearly no gems:',
      },
      { file: "Gemfile.lock", from: "  specs:\n", to: "  specs:\n    rake (13.2.1)\n" },
      { file: "Gemfile.lock", from: "DEPENDENCIES\n", to: "DEPENDENCIES\n  rake\n" },
    ],
    builds: false,
  },
  {
    check: "III.secret-in-tree",
    says: "has a key of the documentation in a test, and a harmless .env",
    edits: [
      { file: "test/upload_test.rb", write: 'ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"\nPASSWORD = "correct horse battery staple"\n' },
      { file: ".gitignore", from: ".env\n", to: "" },
      { file: ".env", write: "GREETING=Hello\nREDIS_URL=redis://:changeme@localhost:6379/0\nSESSION_SECRET=changeme\n" },
    ],
  },
  {
    check: "III.required-env-fails-fast",
    says: "declares a variable that it can do without",
    edits: [
      { file: "douze.yaml", from: "  SESSION_SECRET:", to: "  MOTTO: { required: false }\n  SESSION_SECRET:" },
      { file: "config.rb", from: 'ENV.fetch("GREETING", "Hello")', to: 'ENV.fetch("MOTTO") { ENV.fetch("GREETING", "Hello") }' },
    ],
  },
  {
    check: "III.canary-leak",
    says: "shows the names of its variables at /debug, and no value",
    edits: [{ file: "pages.rb", from: liveness, to: `    in ["GET", "/debug"] then [200, {}, "#{ENV.keys.join("\\n")}\\n"]\n${liveness}` }],
  },
  {
    check: "IV.handle-swap",
    says: "speaks of localhost where the address names no host",
    edits: [{ file: "redis.rb", from: "Socket.tcp(address.host,", to: 'Socket.tcp(address.host || "localhost",' }],
  },
  {
    check: "V.no-build-at-run",
    says: "is started by a file that is named as if it installed something",
    edits: [
      { file: "bundle_install.rb", write: 'require_relative "web"\n' },
      { file: "douze.yaml", from: "command: ruby web.rb", to: "command: ruby bundle_install.rb" },
    ],
  },
  {
    check: "V.readonly-code",
    says: "keeps a cache beside its code where it can, and does without where it cannot",
    edits: [
      {
        file: "web.rb",
        from: listen,
        to: `begin\n  File.write(File.join(__dir__, "cache.json"), "{}")\nrescue SystemCallError\n  puts "no cache"\nend\n${listen}`,
      },
    ],
  },
  {
    check: "VI.session-portable",
    says: "gives each answer a cookie with another name of the session; former ones stay good",
    edits: [
      {
        file: "sessions.rb",
        from: '    Store.call("EXPIRE", "session:#{id}", SECONDS)\n',
        to: '    Store.call("EXPIRE", "session:#{id}", SECONDS)\n    id = SecureRandom.hex(16)\n    Store.call("SET", "session:#{id}", visits, "EX", SECONDS)\n',
      },
    ],
  },
  {
    check: "VI.no-durable-files",
    says: "writes a file that lasts as long as one request",
    edits: [
      { file: "pages.rb", from: 'require "json"\n', to: 'require "json"\nrequire "tempfile"\n' },
      {
        file: "pages.rb",
        from: insertNote,
        to: `${insertNote}    Tempfile.create("note") { |brief| puts "#{brief.write(text)} bytes" }\n`,
      },
    ],
  },
  {
    check: "VII.honours-port",
    says: "has another port as its default, and speaks of localhost",
    edits: [{ file: "config.rb", from: 'ENV.fetch("PORT", "5000"))', to: 'ENV.fetch("PORT", "3000")) # http://localhost:3000' }],
  },
  {
    check: "VII.no-fixed-extra-ports",
    says: "has metrics at a port that the kernel chooses",
    edits: [{ file: "web.rb", from: listen, to: `METRICS = TCPServer.new("0.0.0.0", 0)\n${listen}` }],
  },
  {
    check: "VIII.no-pidfile",
    says: "writes a file that has the name of a PID file, and no number in it",
    edits: [{ file: "web.rb", from: listen, to: `File.write(File.join(Dir.home, "web.pid"), "none is needed\\n")\n${listen}` }],
  },
  {
    check: "IX.sigterm-exit",
    says: "ends by SIGTERM itself when it has finished",
    edits: [{ file: "web.rb", from: end, to: `${end}trap("TERM", "SYSTEM_DEFAULT")\nProcess.kill("TERM", Process.pid)\n` }],
  },
  {
    check: "IX.signal-reaches",
    says: "is started by a shell that becomes the program",
    edits: [{ file: "douze.yaml", from: "command: ruby web.rb", to: "command: sh -c 'exec ruby web.rb'" }],
  },
  {
    check: "IX.sigterm-as-pid1",
    says: "has no handler in its worker but Ruby's own",
    edits: [{ file: "worker.rb", from: "%w[TERM INT].each", to: "%w[INT].each" }],
  },
  {
    check: "XI.stdout",
    says: "logs to the standard error",
    edits: [{ file: "web.rb", from: listen, to: `$stdout.reopen($stderr)\n$stdout.sync = true\n${listen}` }],
  },
];
