"""Config is the environment's."""

import os
import sys

CONFIG_ERROR = 78  # EX_CONFIG: trying again is no use


def required(name):
    value = os.environ.get(name)
    if not value:
        print(f"{name} is missing: set it in the environment", flush=True)
        sys.exit(CONFIG_ERROR)
    return value


database_url = required("DATABASE_URL")
session_secret = required("SESSION_SECRET")
greeting = os.environ.get("GREETING", "Hello")
# Not localhost: a router on another machine must get here.
host = os.environ.get("HOST", "0.0.0.0")
port = int(os.environ.get("PORT", "5000"))
