from database import connected

STEPS = [
    "create table notes (id bigserial primary key, text text not null)",
    "create table sessions (id text primary key, visits integer not null)",
    "create table jobs (id bigserial primary key, done_at timestamptz)",
]

with connected() as db, db.transaction():
    # Two releases at once: the second waits here, and finds everything done.
    db.execute("select pg_advisory_xact_lock(12)")
    if not db.execute("select to_regclass('migrations')").fetchone()[0]:
        db.execute("create table migrations (number integer primary key)")
    (done,) = db.execute("select count(*) from migrations").fetchone()
    for number in range(done, len(STEPS)):
        db.execute(STEPS[number])
        db.execute("insert into migrations (number) values (%s)", [number])
print(f"the schema is at {len(STEPS)}")
