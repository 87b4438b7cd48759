import os

import psycopg


def connect(**options):
    return psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5, **options)
