import signal
import threading
import time

from database import connected, reason

stopping = threading.Event()
# As process 1 there is no default for these: whoever sets no handler is not stopped.
for each in (signal.SIGTERM, signal.SIGINT):
    signal.signal(each, lambda *_: stopping.set())


def say(text):
    print(text, flush=True)


def work_once():
    """The job is locked while it is worked on, and done with the commit: whoever dies in between has not touched it."""
    with connected() as db, db.transaction():
        job = db.execute(
            "select id from jobs where done_at is null order by id limit 1 for update skip locked"
        ).fetchone()
        if job:
            time.sleep(0.3)
            db.execute("update jobs set done_at = now() where id = %s", job)
    if job:
        say(f"job {job[0]} done")
    return job is not None


say("waiting for jobs")
while not stopping.is_set():
    try:
        if not work_once():
            stopping.wait(0.25)
    except Exception as error:
        say(f"error: {reason(error)}")
        stopping.wait(1)
say("stopped")
