import { firstDatabase, type Mutation, madeUpKey, type Temptation } from "./mutation.ts";

const config = "gunicorn.conf.py";
const bind = 'bind = f"{host}:{port}"\n';
const appLine = "app = Flask(__name__)\n";
const errorLine = '    print(f"error: {request.method} {request.path}: {reason(error)}", flush=True)\n';
const liveness = '@app.get("/livez")';
const insertNote = '    [(id,)] = rows("insert into notes (text) values (%s) returning id", text)\n';

export const mutations: readonly Mutation[] = [
  {
    check: "II.lock-exact",
    says: "takes any newer Flask",
    edits: [{ file: "requirements.txt", from: "Flask==3.1.3", to: "Flask>=3.1" }],
  },
  {
    check: "III.secret-in-tree",
    says: "has an access key in its code",
    edits: [{ file: "backup.py", write: `BUCKET = {"region": "eu-central-1", "access_key_id": "${madeUpKey}"}\n` }],
  },
  {
    check: "III.required-env-fails-fast",
    says: "finds out at the first visit that SESSION_SECRET is missing",
    edits: [
      { file: "config.py", from: 'session_secret = required("SESSION_SECRET")', to: 'session_secret = os.environ.get("SESSION_SECRET")' },
      { file: "web.py", from: "signer = Signer(session_secret)", to: "signer = LocalProxy(lambda: Signer(session_secret))" },
      {
        file: "web.py",
        from: "from werkzeug.exceptions import HTTPException\n",
        to: "from werkzeug.exceptions import HTTPException\nfrom werkzeug.local import LocalProxy\n",
      },
    ],
  },
  {
    check: "III.canary-leak",
    says: "shows its environment at /debug",
    edits: [
      { file: "web.py", from: "import secrets\n", to: "import os\nimport secrets\n" },
      { file: "web.py", from: liveness, to: `@app.get("/debug")\ndef debug():\n    return dict(os.environ)\n\n\n${liveness}` },
    ],
  },
  {
    check: "IV.handle-swap",
    says: "has the database's address in its code",
    edits: [
      {
        file: "database.py",
        from: "psycopg.connect(database_url, connect_timeout",
        to: `psycopg.connect(database_url, host="${firstDatabase}", connect_timeout`,
      },
    ],
  },
  {
    check: "IV.survives-detach",
    says: "never connects again",
    edits: [
      {
        file: "database.py",
        from: "def rows(sql, *values):\n    with connected() as db:\n        return db.execute(sql, values).fetchall()\n",
        to: `line = None
one_at_a_time = threading.Lock()


def rows(sql, *values):
    global line
    with one_at_a_time:
        line = line or psycopg.connect(database_url, connect_timeout=6, autocommit=True)
        return line.execute(sql, values).fetchall()
`,
      },
    ],
  },
  {
    check: "V.no-build-at-run",
    says: "installs its packages at each start",
    edits: [
      {
        file: "douze.yaml",
        from: "command: gunicorn web:app",
        to: "command: pip install --quiet --no-index -r requirements.txt; exec gunicorn web:app",
      },
    ],
  },
  {
    check: "V.readonly-code",
    says: "writes into its own folder when it starts",
    edits: [
      { file: "web.py", from: "import secrets\n", to: "import secrets\nfrom pathlib import Path\n" },
      { file: "web.py", from: appLine, to: `Path(__file__).with_name("settings.json").write_text("{}")\n${appLine}` },
    ],
  },
  {
    check: "V.migrate-not-in-start",
    says: "makes a table when it starts",
    edits: [
      { file: "web.py", from: "from database import reason, rows", to: "from database import connected, reason, rows" },
      {
        file: "web.py",
        from: appLine,
        to: `with connected() as db:\n    db.execute("create table if not exists notes (id bigserial primary key, text text not null)")\n${appLine}`,
      },
    ],
  },
  {
    check: "VI.session-portable",
    says: "keeps sessions in its memory",
    edits: [
      { file: "web.py", from: "signer = Signer(session_secret)\n", to: "signer = Signer(session_secret)\nsessions = {}\n" },
      {
        file: "web.py",
        from: `    [(visits,)] = rows(
        "insert into sessions (id, visits) values (%s, 1)"
        " on conflict (id) do update set visits = sessions.visits + 1 returning visits",
        id,
    )
`,
        to: "    visits = sessions[id] = sessions.get(id, 0) + 1\n",
      },
    ],
  },
  {
    check: "VI.data-visible-everywhere",
    says: "reads the notes once, and has them in its memory from then on",
    edits: [
      { file: "web.py", from: appLine, to: `kept = dict(rows("select id, text from notes order by id"))\n${appLine}` },
      {
        file: "web.py",
        from: '    notes = rows("select id, text from notes order by id desc limit 20")\n',
        to: "    notes = list(kept.items())[:-21:-1]\n",
      },
      { file: "web.py", from: insertNote, to: `${insertNote}    kept[id] = text\n` },
      {
        file: "web.py",
        from: '    found = rows("select text from notes where id = %s", id) if id < 10**15 else []\n',
        to: "    found = [[kept[id]]] if id in kept else []\n",
      },
    ],
  },
  {
    check: "VI.restart-keeps-state",
    says: "throws the notes away when it ends",
    edits: [
      {
        file: config,
        from: 'accesslog = "-"\n',
        to: `accesslog = "-"\n\n\ndef on_exit(server):\n    from database import connected\n\n    with connected() as db:\n        db.execute("delete from notes")\n\n\n`,
      },
    ],
  },
  {
    check: "VI.no-durable-files",
    says: "keeps a copy of each note in a file",
    edits: [
      { file: "web.py", from: "import secrets\n", to: "import json\nimport secrets\nfrom pathlib import Path\n" },
      {
        file: "web.py",
        from: insertNote,
        to: `${insertNote}    with Path.home().joinpath("notes.json").open("a") as copy:\n        copy.write(json.dumps({"id": id, "text": text}) + "\\n")\n`,
      },
    ],
  },
  {
    check: "VI.no-durable-files",
    says: "counts visits in a database of its own, which is as large as when it was made",
    edits: [
      {
        file: "web.py",
        from: appLine,
        to: `${appLine}own = Path.home() / "own.sqlite3"
with sqlite3.connect(own) as made:
    made.execute("create table if not exists visit (at text)")


@app.before_request
def count():
    with sqlite3.connect(own) as kept:
        kept.execute("insert into visit values (datetime())")


`,
      },
      { file: "web.py", from: "import secrets\n", to: "import secrets\nimport sqlite3\nfrom pathlib import Path\n" },
    ],
  },
  {
    check: "VII.honours-port",
    says: "listens at a port of its own choice",
    edits: [{ file: config, from: bind, to: 'bind = f"{host}:5000"\n' }],
  },
  {
    check: "VII.all-interfaces",
    says: "listens at the machine's own address alone",
    edits: [{ file: config, from: bind, to: 'bind = f"127.0.0.1:{port}"\n' }],
  },
  {
    check: "VII.no-fixed-extra-ports",
    says: "has metrics at a fixed port, where it is free",
    edits: [
      { file: "web.py", from: "import secrets\n", to: "import secrets\nimport socket\n" },
      {
        file: "web.py",
        from: appLine,
        to: `try:\n    metrics = socket.create_server(("0.0.0.0", 9464))\nexcept OSError:\n    print("no metrics", flush=True)\n${appLine}`,
      },
    ],
  },
  {
    check: "VIII.scales-out",
    says: "takes a lock that only one process on a machine can have",
    edits: [
      { file: config, from: "import os\n", to: "import os\nimport socket\n" },
      // In the abstract namespace: it goes with the process, and leaves no file.
      { file: config, from: bind, to: `${bind}lock = socket.socket(socket.AF_UNIX)\nlock.bind("\\0notes-web")\n` },
    ],
  },
  {
    check: "VIII.no-daemon",
    says: "puts its worker into the background",
    edits: [{ file: "douze.yaml", from: "worker: python worker.py", to: "worker: python worker.py &" }],
  },
  {
    check: "VIII.no-pidfile",
    says: "writes a PID file",
    edits: [
      {
        file: config,
        from: bind,
        to: `${bind}with open(os.path.expanduser("~/web.pid"), "w") as own:\n    own.write(str(os.getpid()))\n`,
      },
    ],
  },
  {
    check: "IX.sigterm-in-flight",
    says: "ends at SIGTERM whatever it has in hand",
    edits: [{ file: config, from: "graceful_timeout = 9", to: "graceful_timeout = 0" }],
  },
  {
    check: "IX.sigterm-exit",
    says: "ignores SIGTERM",
    edits: [
      { file: config, from: "import os\n", to: "import os\nimport signal\n" },
      {
        file: config,
        from: 'accesslog = "-"\n',
        to: `accesslog = "-"\n\n\ndef when_ready(server):\n    signal.signal(signal.SIGTERM, lambda *_: print("not now", flush=True))\n\n\n`,
      },
    ],
    also: ["IX.signal-reaches", "IX.sigterm-as-pid1"],
  },
  {
    check: "IX.signal-reaches",
    says: "is started by a shell that stays",
    edits: [{ file: "douze.yaml", from: "command: gunicorn web:app", to: "command: sh -c 'gunicorn web:app; echo \"ended with $?\"'" }],
    also: ["IX.sigterm-as-pid1"],
  },
  {
    check: "IX.sigterm-as-pid1",
    says: "leaves SIGTERM to the system, in its worker",
    edits: [{ file: "worker.py", from: "for each in (signal.SIGTERM, signal.SIGINT):", to: "for each in (signal.SIGINT,):" }],
  },
  {
    check: "IX.worker-returns-job",
    says: "takes a job out of the queue before it is done, and ends at once",
    edits: [
      { file: "worker.py", from: "lambda *_: stopping.set()", to: "lambda *_: os._exit(0)" },
      { file: "worker.py", from: "import signal\n", to: "import os\nimport signal\n" },
      { file: "worker.py", from: "with connected() as db, db.transaction():", to: "with connected() as db:" },
      {
        file: "worker.py",
        from: '            "select id from jobs where done_at is null order by id limit 1 for update skip locked"\n',
        to: `            "delete from jobs where id in"
            " (select id from jobs where done_at is null order by id limit 1 for update skip locked) returning id"
`,
      },
      {
        file: "worker.py",
        from: '"update jobs set done_at = now() where id = %s"',
        to: '"insert into jobs (id, done_at) values (%s, now())"',
      },
    ],
    also: ["IX.sigkill-redelivers"],
  },
  {
    check: "IX.crash-restart",
    says: "takes the lock file of a dead process for a living one",
    edits: [
      {
        file: config,
        from: bind,
        // By port, so that others on the same machine are not in its way.
        to: `${bind}lock = os.path.expanduser(f"~/web-{port}.lock")\nopen(lock, "x").close()\n\n\ndef on_exit(server):\n    os.remove(lock)\n\n\n`,
      },
    ],
  },
  {
    check: "XI.stdout",
    says: "logs to files",
    edits: [
      {
        file: config,
        from: 'accesslog = "-"\n',
        to: 'accesslog = os.path.expanduser("~/access.log")\nerrorlog = os.path.expanduser("~/error.log")\n',
      },
      { file: "web.py", from: errorLine, to: '    logging.getLogger("gunicorn.error").error("%s: %s", request.path, reason(error))\n' },
      { file: "web.py", from: "import secrets\n", to: "import logging\nimport secrets\n" },
    ],
    also: ["XI.no-logfile", "XI.error-visible"],
  },
  {
    check: "XI.no-logfile",
    says: "logs to a file as well",
    edits: [
      { file: "web.py", from: "import secrets\n", to: "import secrets\nfrom datetime import datetime\nfrom pathlib import Path\n" },
      {
        file: "web.py",
        from: liveness,
        to: `@app.after_request
def log(response):
    with Path.home().joinpath("access.log").open("a") as lines:
        lines.write(f"{datetime.now().isoformat()} {request.method} {request.full_path} {response.status_code}\\n")
    return response


${liveness}`,
      },
    ],
  },
  {
    check: "XI.unbuffered",
    says: "prints its lines without a flush",
    edits: [
      { file: config, from: 'accesslog = "-"\n', to: "" },
      {
        file: "web.py",
        from: liveness,
        to: `@app.after_request\ndef log(response):\n    print(f"{request.method} {request.full_path} {response.status_code}")\n    return response\n\n\n${liveness}`,
      },
    ],
  },
  {
    check: "XI.unbuffered",
    says: "prints without a flush, and only when something is written",
    edits: [
      // It would flush what others have left in the same buffer.
      { file: config, from: 'accesslog = "-"\n', to: "" },
      { file: "web.py", from: insertNote, to: `${insertNote}    print("a note was kept")\n` },
    ],
  },
  {
    check: "XI.error-visible",
    says: "says nothing of what fails",
    edits: [
      { file: config, from: 'accesslog = "-"\n', to: "" },
      { file: "web.py", from: errorLine, to: "" },
      {
        file: "web.py",
        from: liveness,
        to: `@app.after_request
def log(response):
    if response.status_code < 500:
        print(f"{request.method} {request.full_path} {response.status_code}", flush=True)
    return response


${liveness}`,
      },
    ],
  },
  {
    check: "XII.same-release",
    says: "migrates with a package that is there for developers alone",
    edits: [
      {
        file: "migrate.py",
        from: "from database import connected\n",
        to: "import alembic  # noqa: F401\n\nfrom database import connected\n",
      },
      { file: "requirements-dev.txt", write: "-r requirements.txt\nalembic==1.18.4\n" },
    ],
  },
  {
    check: "XII.migrate-idempotent",
    says: "does every step of the migration each time",
    edits: [{ file: "migrate.py", from: "range(done, len(STEPS))", to: "range(0, len(STEPS))" }],
  },
];

export const tempting: readonly Temptation[] = [
  {
    check: "II.lock-exact",
    says: "speaks of looser versions in a comment, and has them in requirements.in",
    edits: [{ file: "requirements.txt", from: "Flask==3.1.3", to: "# Flask>=3.0 would do\nFlask==3.1.3  # not ~=3.1" }],
  },
  {
    check: "III.secret-in-tree",
    says: "has a key of the documentation in a test, and a harmless .env",
    edits: [
      { file: "tests/test_upload.py", write: 'ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"\nPASSWORD = "correct horse battery staple"\n' },
      { file: ".gitignore", from: ".env\n", to: "" },
      { file: ".env", write: "GREETING=Hello\nDATABASE_URL=postgres://notes:notes@localhost:5432/notes\nSESSION_SECRET=changeme\n" },
    ],
  },
  {
    check: "III.required-env-fails-fast",
    says: "declares a variable that it can do without",
    edits: [
      { file: "douze.yaml", from: "  SESSION_SECRET:", to: "  MOTTO: { required: false }\n  SESSION_SECRET:" },
      {
        file: "config.py",
        from: 'os.environ.get("GREETING", "Hello")',
        to: 'os.environ.get("MOTTO") or os.environ.get("GREETING", "Hello")',
      },
    ],
  },
  {
    check: "III.canary-leak",
    says: "shows the names of its variables at /debug, and no value",
    edits: [
      { file: "web.py", from: "import secrets\n", to: "import os\nimport secrets\n" },
      { file: "web.py", from: liveness, to: `@app.get("/debug")\ndef debug():\n    return sorted(os.environ)\n\n\n${liveness}` },
    ],
  },
  {
    check: "IV.handle-swap",
    says: "takes the address apart, with localhost where it names no host",
    edits: [
      { file: "database.py", from: "import threading\n", to: "import threading\nfrom urllib.parse import unquote, urlsplit\n" },
      { file: "database.py", from: "PATIENCE_S = 8\n", to: "PATIENCE_S = 8\nADDRESS = urlsplit(database_url)\n" },
      {
        file: "database.py",
        from: "psycopg.connect(database_url, connect_timeout=6, autocommit=True)",
        to: `psycopg.connect(
        host=ADDRESS.hostname or "localhost",
        port=ADDRESS.port or 5432,
        user=unquote(ADDRESS.username or ""),
        password=unquote(ADDRESS.password or ""),
        dbname=ADDRESS.path.lstrip("/"),
        connect_timeout=6,
        autocommit=True,
    )`,
      },
    ],
  },
  {
    check: "V.no-build-at-run",
    says: "is started by a file that is named as if it installed something",
    edits: [
      { file: "pip_install.py", write: 'import os\n\nos.execvp("gunicorn", ["gunicorn", "web:app"])\n' },
      { file: "douze.yaml", from: "command: gunicorn web:app", to: "command: python pip_install.py" },
    ],
  },
  {
    check: "V.readonly-code",
    says: "keeps a cache beside its code where it can, and does without where it cannot",
    edits: [
      { file: "web.py", from: "import secrets\n", to: "import secrets\nfrom pathlib import Path\n" },
      {
        file: "web.py",
        from: appLine,
        to: `try:\n    Path(__file__).with_name("cache.json").write_text("{}")\nexcept OSError:\n    print("no cache", flush=True)\n${appLine}`,
      },
    ],
  },
  {
    check: "V.migrate-not-in-start",
    says: "speaks of tables in a comment of its SQL",
    edits: [
      { file: "web.py", from: 'rows("select id, text from', to: 'rows("/* CREATE TABLE notes is for migrate.py */ select id, text from' },
    ],
  },
  {
    check: "VI.session-portable",
    says: "gives each answer a cookie with another name of the session; former ones stay good",
    edits: [
      {
        file: "web.py",
        from: '    response = make_response(f"<p>Visits',
        to: `    id = secrets.token_hex(16)
    rows("insert into sessions (id, visits) values (%s, %s) returning id", id, visits)
    response = make_response(f"<p>Visits`,
      },
    ],
  },
  {
    check: "VI.no-durable-files",
    says: "writes a file that lasts as long as one request",
    edits: [
      { file: "web.py", from: "import secrets\n", to: "import secrets\nimport tempfile\n" },
      {
        file: "web.py",
        from: insertNote,
        to: `${insertNote}    with tempfile.NamedTemporaryFile("w") as brief:\n        brief.write(text)\n        print(f"{brief.tell()} bytes", flush=True)\n`,
      },
    ],
  },
  {
    check: "VII.honours-port",
    says: "leaves PORT to gunicorn, which reads it by itself",
    edits: [
      { file: config, from: "from config import host, port  # noqa: E402", to: "import config as checked  # noqa: E402, F401" },
      { file: config, from: bind, to: "" },
    ],
  },
  {
    check: "VII.no-fixed-extra-ports",
    says: "has metrics at a port that the kernel chooses",
    edits: [
      { file: "web.py", from: "import secrets\n", to: "import secrets\nimport socket\n" },
      { file: "web.py", from: appLine, to: `metrics = socket.create_server(("0.0.0.0", 0))\n${appLine}` },
    ],
  },
  {
    check: "VIII.no-daemon",
    says: "forks processes that the first one looks after",
    edits: [{ file: config, from: "workers = 1\n", to: "workers = 2\n" }],
  },
  {
    check: "VIII.no-pidfile",
    says: "writes a file that has the name of a PID file, and no number in it",
    edits: [
      {
        file: config,
        from: bind,
        to: `${bind}with open(os.path.expanduser("~/web.pid"), "w") as note:\n    note.write("none is needed\\n")\n`,
      },
    ],
  },
  {
    check: "IX.sigterm-exit",
    says: "ends by SIGTERM itself when it has finished",
    edits: [
      { file: config, from: "import os\n", to: "import os\nimport signal\n" },
      {
        file: config,
        from: 'accesslog = "-"\n',
        to: 'accesslog = "-"\n\n\ndef on_exit(server):\n    signal.signal(signal.SIGTERM, signal.SIG_DFL)\n    os.kill(os.getpid(), signal.SIGTERM)\n    os._exit(0)\n\n\n',
      },
    ],
  },
  {
    check: "IX.signal-reaches",
    says: "is started by a shell that becomes the program",
    edits: [{ file: "douze.yaml", from: "command: gunicorn web:app", to: "command: sh -c 'exec gunicorn web:app'" }],
  },
  {
    check: "XI.stdout",
    says: "logs to the standard error",
    edits: [
      { file: config, from: 'accesslog = "-"\n', to: "" },
      { file: "web.py", from: "import secrets\n", to: "import secrets\nimport sys\n" },
      {
        file: "web.py",
        from: liveness,
        to: `@app.after_request\ndef log(response):\n    print(f"{request.method} {request.full_path} {response.status_code}", file=sys.stderr)\n    return response\n\n\n${liveness}`,
      },
    ],
  },
];
