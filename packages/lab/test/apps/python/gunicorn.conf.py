import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
# Here, in the first process: what a child refuses would be started again and again.
from config import host, port  # noqa: E402

bind = f"{host}:{port}"
worker_class = "gthread"
workers = 1
threads = 16
keepalive = 2
# Longer than any request waits for the database, and shorter than any platform's patience.
graceful_timeout = 9
accesslog = "-"
access_log_format = "%(r)s %(s)s %(M)sms"
# No socket for gunicorn's own tool: nothing is written to the disk.
control_socket_disable = True
