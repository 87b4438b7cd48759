"""Welcomes whoever signed. On SIGTERM it finishes the entry in hand; one that it had not committed is taken up by the next."""

import signal

from database import connect

stopping = False


def stop(_signal, _frame):
    global stopping
    stopping = True


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)


def welcome_one(db):
    with db.transaction():
        row = db.execute("select id, name from entries where welcome is null order by id limit 1 for update skip locked").fetchone()
        if row is None:
            return False
        db.execute("update entries set welcome = %s where id = %s", [f"welcome, {row[1]}!", row[0]])
    print(f"welcomed entry {row[0]}")
    return True


with connect(autocommit=True) as db:
    db.execute("listen entries")
    print("waiting for entries")
    while not stopping:
        while not stopping and welcome_one(db):
            pass
        for _ in db.notifies(timeout=1, stop_after=1):
            pass
print("stopped")
