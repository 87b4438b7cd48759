import os

import psycopg

URL = os.environ["DATABASE_URL"]


def connect(**options):
    return psycopg.connect(URL, connect_timeout=5, **options)
