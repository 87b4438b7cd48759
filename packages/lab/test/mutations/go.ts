import { firstDatabase, type Mutation, madeUpKey, type Temptation } from "./mutation.ts";

const main = "cmd/web/main.go";
const app = "cmd/web/app.go";
const sessions = "cmd/web/sessions.go";
const worker = "cmd/worker/main.go";
const database = "internal/notes/database.go";

const begin = "\tfailed := make(chan error, 1)\n";
const end = '\tfmt.Println("stopped")\n';
const liveness = '\tmux.HandleFunc("/livez"';
const requestLine = '\t\tfmt.Printf("%s %s %d %dms\\n", r.Method, r.URL.RequestURI(), recorded.status, time.Since(began).Milliseconds())\n';
const errorLine = '\t\t\tfmt.Printf("error: %s %s: %s\\n", r.Method, r.URL.Path, notes.Reason(err))\n';
const insertNote =
  '\tif err := a.db.QueryRowContext(ctx, "insert into notes (text) values ($1) returning id", text).Scan(&id); err != nil {\n\t\treturn err\n\t}\n';

export const mutations: readonly Mutation[] = [
  {
    check: "II.lock-exact",
    says: "has no go.sum",
    edits: [{ file: "go.sum", remove: true }],
    builds: false,
  },
  {
    check: "III.secret-in-tree",
    says: "has an access key in its code",
    edits: [{ file: "cmd/web/backup.go", write: `package main\n\nconst accessKeyID = "${madeUpKey}"\n` }],
  },
  {
    check: "III.required-env-fails-fast",
    says: "finds out at the first visit that SESSION_SECRET is missing",
    edits: [
      { file: main, from: '[]byte(notes.Required("SESSION_SECRET"))', to: '[]byte(os.Getenv("SESSION_SECRET"))' },
      { file: sessions, from: '\t"encoding/hex"\n', to: '\t"encoding/hex"\n\t"errors"\n' },
      {
        file: sessions,
        from: "\tid := a.sessionID(r)\n",
        to: '\tif len(a.secret) == 0 {\n\t\treturn errors.New("no secret")\n\t}\n\tid := a.sessionID(r)\n',
      },
    ],
  },
  {
    check: "III.canary-leak",
    says: "shows its environment at /debug",
    edits: [
      { file: app, from: '\t"net/http"\n', to: '\t"net/http"\n\t"os"\n' },
      {
        file: app,
        from: liveness,
        to: `\tmux.HandleFunc("/debug", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, os.Environ()) })\n${liveness}`,
      },
    ],
  },
  {
    check: "IV.handle-swap",
    says: "has the database's address in its code",
    edits: [
      { file: database, from: '\t"net"\n', to: '\t"net"\n\t"net/url"\n' },
      {
        file: database,
        from: '\tdb, err := sql.Open("pgx", Required("DATABASE_URL"))\n',
        to: `\taddress, err := url.Parse(Required("DATABASE_URL"))
	if err != nil {
		os.Exit(configError)
	}
	address.Host = "${firstDatabase}:5432"
	db, err := sql.Open("pgx", address.String())
`,
      },
    ],
  },
  {
    check: "IV.survives-detach",
    says: "never connects again",
    edits: [
      { file: app, from: "\tdb       *sql.DB\n", to: "\tdb       *sql.Conn\n" },
      { file: app, from: '\t"strings"\n', to: '\t"strings"\n\t"sync"\n' },
      { file: app, from: "func pages(", to: "var oneAtATime sync.Mutex\n\nfunc pages(" },
      {
        file: app,
        from: "\t\tctx, cancel := context.WithTimeout(",
        to: "\t\toneAtATime.Lock()\n\t\tdefer oneAtATime.Unlock()\n\t\tctx, cancel := context.WithTimeout(",
      },
      {
        file: main,
        from: "\tapp := &app{db: notes.Open(),",
        to: '\tline, err := notes.Open().Conn(context.Background())\n\tif err != nil {\n\t\tfmt.Println("error:", notes.Reason(err))\n\t\tos.Exit(1)\n\t}\n\tapp := &app{db: line,',
      },
    ],
  },
  {
    check: "V.no-build-at-run",
    says: "is compiled at each start",
    edits: [{ file: "douze.yaml", from: "command: bin/web", to: "command: GOPROXY=off go build -o /tmp/web ./cmd/web; exec bin/web" }],
  },
  {
    check: "V.readonly-code",
    says: "writes into its own folder when it starts",
    edits: [
      {
        file: main,
        from: begin,
        to: `\tif err := os.WriteFile("settings.json", []byte("{}"), 0o644); err != nil {\n\t\tfmt.Println("error:", err)\n\t\tos.Exit(1)\n\t}\n${begin}`,
      },
    ],
  },
  {
    check: "V.migrate-not-in-start",
    says: "makes a table when it starts",
    edits: [
      {
        file: main,
        from: begin,
        to: `\tif _, err := app.db.Exec("create table if not exists notes (id bigserial primary key, text text not null)"); err != nil {\n\t\tfmt.Println("error:", notes.Reason(err))\n\t\tos.Exit(1)\n\t}\n${begin}`,
      },
    ],
  },
  {
    check: "VI.session-portable",
    says: "keeps sessions in its memory",
    edits: [
      { file: sessions, from: '\t"strings"\n', to: '\t"strings"\n\t"sync"\n' },
      { file: sessions, from: "// The cookie names", to: "var counts sync.Map\n\n// The cookie names" },
      { file: sessions, from: "showVisits(ctx context.Context,", to: "showVisits(_ context.Context," },
      {
        file: sessions,
        from: `	err := a.db.QueryRowContext(ctx, \`insert into sessions (id, visits) values ($1, 1)
		on conflict (id) do update set visits = sessions.visits + 1 returning visits\`, id).Scan(&visits)
	if err != nil {
		return err
	}
`,
        to: "\tif former, there := counts.Load(id); there {\n\t\tvisits = former.(int)\n\t}\n\tvisits++\n\tcounts.Store(id, visits)\n",
      },
    ],
  },
  {
    check: "VI.data-visible-everywhere",
    says: "reads the notes once, and has them in its memory from then on",
    edits: [
      { file: app, from: "\tgreeting string\n", to: "\tgreeting string\n\tkept     []note\n\tlock     sync.Mutex\n" },
      { file: app, from: '\t"strings"\n', to: '\t"strings"\n\t"sync"\n' },
      {
        file: app,
        from: `	rows, err := a.db.QueryContext(ctx, "select id, text from notes order by id desc limit 20")
	if err != nil {
		return err
	}
	defer rows.Close()
	var all []note
	for rows.Next() {
		var each note
		if err := rows.Scan(&each.ID, &each.Text); err != nil {
			return err
		}
		all = append(all, each)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return show(w, "front", map[string]any{"Greeting": a.greeting, "Notes": all})
}
`,
        to: `	a.lock.Lock()
	defer a.lock.Unlock()
	var last []note
	for at := len(a.kept) - 1; at >= 0 && len(last) < 20; at-- {
		last = append(last, a.kept[at])
	}
	return show(w, "front", map[string]any{"Greeting": a.greeting, "Notes": last})
}

func (a *app) load() error {
	rows, err := a.db.Query("select id, text from notes order by id")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var each note
		if err := rows.Scan(&each.ID, &each.Text); err != nil {
			return err
		}
		a.kept = append(a.kept, each)
	}
	return rows.Err()
}
`,
      },
      { file: app, from: insertNote, to: `${insertNote}\ta.lock.Lock()\n\ta.kept = append(a.kept, note{id, text})\n\ta.lock.Unlock()\n` },
      {
        file: app,
        from: `	var text string
	err = a.db.QueryRowContext(ctx, "select text from notes where id = $1", id).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		http.NotFound(w, r)
		return nil
	}
	if err != nil {
		return err
	}
	return show(w, "note", text)
`,
        to: `	a.lock.Lock()
	defer a.lock.Unlock()
	for _, each := range a.kept {
		if each.ID == id {
			return show(w, "note", each.Text)
		}
	}
	http.NotFound(w, r)
	return nil
`,
      },
      { file: app, from: '\t"errors"\n', to: "" },
      {
        file: main,
        from: begin,
        to: `\tif err := app.load(); err != nil {\n\t\tfmt.Println("error:", notes.Reason(err))\n\t\tos.Exit(1)\n\t}\n${begin}`,
      },
    ],
  },
  {
    check: "VI.restart-keeps-state",
    says: "throws the notes away when it ends",
    edits: [{ file: main, from: end, to: `\tapp.db.ExecContext(last, "delete from notes")\n${end}` }],
  },
  {
    check: "VI.no-durable-files",
    says: "keeps a copy of each note in a file",
    edits: [
      { file: app, from: '\t"net/http"\n', to: '\t"net/http"\n\t"os"\n' },
      {
        file: app,
        from: insertNote,
        to: `${insertNote}	file, err := os.OpenFile(os.Getenv("HOME")+"/notes.json", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := json.NewEncoder(file).Encode(note{id, text}); err != nil {
		return err
	}
`,
      },
    ],
  },
  {
    check: "VII.honours-port",
    says: "listens at a port of its own choice",
    edits: [{ file: main, from: 'notes.Optional("PORT", "5000")', to: '"5000"' }],
  },
  {
    check: "VII.all-interfaces",
    says: "listens at the machine's own address alone",
    edits: [{ file: main, from: 'notes.Optional("HOST", "0.0.0.0")', to: '"127.0.0.1"' }],
  },
  {
    check: "VII.no-fixed-extra-ports",
    says: "has metrics at a fixed port, where it is free",
    edits: [{ file: main, from: begin, to: `\tgo http.ListenAndServe(":9464", http.NotFoundHandler())\n${begin}` }],
  },
  {
    check: "VIII.scales-out",
    says: "takes a lock that only one process on a machine can have",
    edits: [
      {
        file: main,
        from: begin,
        // In the abstract namespace: it goes with the process, and leaves no file.
        to: `\tif _, err := net.Listen("unix", "@notes-web"); err != nil {\n\t\tfmt.Println("error:", err)\n\t\tos.Exit(1)\n\t}\n${begin}`,
      },
    ],
  },
  {
    check: "VIII.no-daemon",
    says: "puts its worker into the background",
    edits: [{ file: "douze.yaml", from: "worker: bin/worker", to: "worker: bin/worker &" }],
  },
  {
    check: "VIII.no-pidfile",
    says: "writes a PID file",
    edits: [
      { file: main, from: begin, to: `\tos.WriteFile(os.Getenv("HOME")+"/web.pid", []byte(fmt.Sprint(os.Getpid())), 0o644)\n${begin}` },
    ],
  },
  {
    check: "IX.sigterm-in-flight",
    says: "ends at SIGTERM whatever it has in hand",
    edits: [{ file: main, from: '\tfmt.Println("finishing")\n', to: '\tfmt.Println("finishing")\n\tserver.Close()\n' }],
  },
  {
    check: "IX.sigterm-exit",
    says: "ignores SIGTERM",
    edits: [
      {
        file: main,
        from: "\tstopping, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)\n",
        to: "\tsignal.Ignore(syscall.SIGTERM)\n\tstopping, cancel := signal.NotifyContext(context.Background(), os.Interrupt)\n",
      },
    ],
    also: ["IX.signal-reaches", "IX.sigterm-as-pid1"],
  },
  {
    check: "IX.signal-reaches",
    says: "is started by a shell that stays",
    edits: [{ file: "douze.yaml", from: "command: bin/web", to: "command: sh -c 'bin/web; echo \"ended with $?\"'" }],
    also: ["IX.sigterm-as-pid1"],
  },
  // IX.sigterm-as-pid1 alone cannot be broken: Go's runtime has a handler for SIGTERM of its own, which ends the program as process 1
  // too. To ignore the signal breaks IX.sigterm-exit as well, and a shell in between IX.signal-reaches; both are above.
  {
    check: "IX.worker-returns-job",
    says: "takes a job out of the queue before it is done, and ends at once",
    edits: [
      {
        file: worker,
        from: "\tdb := notes.Open()\n",
        to: "\tgo func() {\n\t\t<-stopping.Done()\n\t\tos.Exit(0)\n\t}()\n\tdb := notes.Open()\n",
      },
      {
        file: worker,
        from: '"select id from jobs where done_at is null order by id limit 1 for update skip locked"',
        to: '"delete from jobs where id in (select id from jobs where done_at is null order by id limit 1 for update skip locked) returning id"',
      },
      {
        file: worker,
        from: `	time.Sleep(300 * time.Millisecond)
	if _, err := tx.ExecContext(ctx, "update jobs set done_at = now() where id = $1", id); err != nil {
		return false, err
	}
	if err := tx.Commit(); err != nil {
		return false, err
	}
`,
        to: `	if err := tx.Commit(); err != nil {
		return false, err
	}
	time.Sleep(300 * time.Millisecond)
	if _, err := db.ExecContext(ctx, "insert into jobs (id, done_at) values ($1, now())", id); err != nil {
		return false, err
	}
`,
      },
    ],
    also: ["IX.sigkill-redelivers"],
  },
  {
    check: "IX.crash-restart",
    says: "takes the lock file of a dead process for a living one",
    edits: [
      {
        file: main,
        from: begin,
        // By port, so that others on the same machine are not in its way.
        to: `	lock := os.Getenv("HOME") + "/web-" + notes.Optional("PORT", "5000") + ".lock"
	if _, err := os.OpenFile(lock, os.O_CREATE|os.O_EXCL, 0o644); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
${begin}`,
      },
      { file: main, from: end, to: `\tos.Remove(lock)\n${end}` },
    ],
  },
  {
    check: "XI.stdout",
    says: "logs to a file",
    edits: [
      {
        file: main,
        from: begin,
        to: `\tos.Stdout, _ = os.OpenFile(os.Getenv("HOME")+"/web.log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)\n${begin}`,
      },
      {
        file: main,
        from: requestLine,
        to: requestLine.replace('"%s %s', '"%s %s %s').replace("r.Method", "began.Format(time.RFC3339), r.Method"),
      },
    ],
    also: ["XI.no-logfile", "XI.error-visible"],
  },
  {
    check: "XI.no-logfile",
    says: "logs to a file as well",
    edits: [
      {
        file: main,
        from: requestLine,
        to: `${requestLine}		if file, err := os.OpenFile(os.Getenv("HOME")+"/access.log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644); err == nil {
			fmt.Fprintln(file, began.Format(time.RFC3339), r.Method, r.URL.RequestURI(), recorded.status)
			file.Close()
		}
`,
      },
    ],
  },
  {
    check: "XI.unbuffered",
    says: "keeps lines back until there are many, where no person watches",
    edits: [
      { file: main, from: "import (\n", to: 'import (\n\t"bufio"\n' },
      { file: main, from: '\t"os/signal"\n', to: '\t"os/signal"\n\t"strings"\n\t"sync"\n' },
      {
        file: main,
        from: "type recorder struct {",
        to: `var kept = bufio.NewWriter(os.Stdout)
var lock sync.Mutex

func keep(text string) {
	lock.Lock()
	defer lock.Unlock()
	kept.WriteString(text)
	if output, _ := os.Readlink("/proc/self/fd/1"); strings.HasPrefix(output, "/dev/pts") {
		kept.Flush()
	}
}

type recorder struct {`,
      },
      { file: main, from: requestLine, to: `${requestLine.replace("fmt.Printf(", "keep(fmt.Sprintf(").replace(")\n", "))\n")}` },
      { file: main, from: end, to: `\tkept.Flush()\n${end}` },
    ],
  },
  {
    check: "XI.error-visible",
    says: "says nothing of what fails",
    edits: [
      { file: app, from: errorLine, to: "" },
      { file: main, from: requestLine, to: `\t\tif recorded.status < 500 {\n\t${requestLine}\t\t}\n` },
    ],
  },
  {
    check: "XII.same-release",
    says: "leaves the migration out of the build",
    edits: [{ file: "go.mod", from: "go 1.19\n", to: "go 1.19\n\n// +heroku install ./cmd/web ./cmd/worker\n" }],
  },
  {
    check: "XII.migrate-idempotent",
    says: "does every step of the migration each time",
    edits: [{ file: "cmd/migrate/main.go", from: "number := done;", to: "number := 0;" }],
  },
];

export const tempting: readonly Temptation[] = [
  {
    check: "II.lock-exact",
    says: "excludes a version that go.sum does not have",
    edits: [{ file: "go.mod", from: "go 1.19\n", to: "go 1.19\n\nexclude (\n\tgithub.com/jackc/pgx/v5 v5.5.3\n)\n" }],
  },
  {
    check: "III.secret-in-tree",
    says: "has a key of the documentation in a test, and a harmless .env",
    edits: [
      {
        file: "cmd/web/upload_test.go",
        write: 'package main\n\nconst accessKeyID = "AKIAIOSFODNN7EXAMPLE"\nconst password = "correct horse battery staple"\n',
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
      { file: main, from: 'notes.Optional("GREETING", "Hello")', to: 'notes.Optional("MOTTO", notes.Optional("GREETING", "Hello"))' },
    ],
  },
  {
    check: "III.canary-leak",
    says: "shows the names of its variables at /debug, and no value",
    edits: [
      { file: app, from: '\t"net/http"\n', to: '\t"net/http"\n\t"os"\n' },
      {
        file: app,
        from: liveness,
        to: `	mux.HandleFunc("/debug", func(w http.ResponseWriter, _ *http.Request) {
		for _, each := range os.Environ() {
			fmt.Fprintln(w, strings.SplitN(each, "=", 2)[0])
		}
	})
${liveness}`,
      },
    ],
  },
  {
    check: "IV.handle-swap",
    says: "speaks of localhost where the address names no host",
    edits: [
      { file: database, from: '\t"net"\n', to: '\t"net"\n\t"net/url"\n' },
      {
        file: database,
        from: '\tdb, err := sql.Open("pgx", Required("DATABASE_URL"))\n',
        to: `\taddress, err := url.Parse(Required("DATABASE_URL"))
	if err != nil {
		os.Exit(configError)
	}
	if address.Hostname() == "" {
		address.Host = "localhost:5432"
	}
	db, err := sql.Open("pgx", address.String())
`,
      },
    ],
  },
  {
    check: "V.migrate-not-in-start",
    says: "speaks of tables in a comment of its SQL",
    edits: [{ file: app, from: '"select id, text from', to: '"/* CREATE TABLE notes is for migrate */ select id, text from' }],
  },
  {
    check: "VI.session-portable",
    says: "gives each answer a cookie with another name of the session; former ones stay good",
    edits: [
      {
        file: sessions,
        from: "\tcookie := &http.Cookie{",
        to: `	next := make([]byte, 16)
	rand.Read(next)
	id = hex.EncodeToString(next)
	if _, err := a.db.ExecContext(ctx, "insert into sessions (id, visits) values ($1, $2)", id, visits); err != nil {
		return err
	}
	cookie := &http.Cookie{`,
      },
    ],
  },
  {
    check: "VI.no-durable-files",
    says: "writes a file that lasts as long as one request",
    edits: [
      { file: app, from: '\t"net/http"\n', to: '\t"net/http"\n\t"os"\n' },
      {
        file: app,
        from: insertNote,
        to: `${insertNote}	brief, err := os.CreateTemp("", "note-")
	if err != nil {
		return err
	}
	defer os.Remove(brief.Name())
	defer brief.Close()
	size, _ := brief.WriteString(text)
	fmt.Println(size, "bytes")
`,
      },
    ],
  },
  {
    check: "VII.honours-port",
    says: "has another port as its default, and speaks of localhost",
    edits: [{ file: main, from: 'notes.Optional("PORT", "5000"))\n', to: 'notes.Optional("PORT", "3000")) // http://localhost:3000\n' }],
  },
  {
    check: "VII.no-fixed-extra-ports",
    says: "has metrics at a port that the kernel chooses",
    edits: [{ file: main, from: begin, to: `\tgo http.ListenAndServe(":0", http.NotFoundHandler())\n${begin}` }],
  },
  {
    check: "VIII.no-pidfile",
    says: "writes a file that has the name of a PID file, and no number in it",
    edits: [{ file: main, from: begin, to: `\tos.WriteFile(os.Getenv("HOME")+"/web.pid", []byte("none is needed\\n"), 0o644)\n${begin}` }],
  },
  {
    check: "IX.sigterm-exit",
    says: "ends with 143 when it has finished",
    edits: [{ file: main, from: end, to: `${end}\tos.Exit(143)\n` }],
  },
  {
    check: "IX.signal-reaches",
    says: "is started by a shell that becomes the program",
    edits: [{ file: "douze.yaml", from: "command: bin/web", to: "command: sh -c 'exec bin/web'" }],
  },
  {
    check: "XI.stdout",
    says: "logs to the standard error",
    edits: [{ file: main, from: begin, to: `\tos.Stdout = os.Stderr\n${begin}` }],
  },
];
