import socket
import threading
from contextlib import contextmanager

import psycopg

from config import database_url

PATIENCE_S = 8


@contextmanager
def connected():
    """A connection for one piece of work. Nobody waits for the server longer than some seconds, even if it says nothing."""
    with psycopg.connect(database_url, connect_timeout=6, autocommit=True) as db:
        watch = threading.Timer(PATIENCE_S, hang_up, [db])
        watch.daemon = True
        watch.start()
        try:
            yield db
        finally:
            watch.cancel()


def hang_up(db):
    with socket.socket(fileno=socket.dup(db.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


def rows(sql, *values):
    with connected() as db:
        return db.execute(sql, values).fetchall()


def reason(error):
    """What went wrong, without anything of the connection's address."""
    return type(error).__name__
