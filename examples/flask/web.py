"""A guest book: Flask under gunicorn. Entries are written by the worker, so that a slow check never holds up a request."""

import os

from flask import Flask, redirect, render_template_string, request

from database import connect

# What is missing is told at the start, and not to a visitor.
TITLE = os.environ["TITLE"]

app = Flask(__name__)

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{{ title }}</title>
<body style="font: 1.1rem/1.6 system-ui; max-width: 40rem; margin: 3rem auto">
<h1>{{ title }}</h1>
<form method="post"><input name="name" placeholder="your name" required> <button>Sign</button></form>
<ul>{% for name, welcome in entries %}<li>{{ name }}{% if welcome %} &mdash; {{ welcome }}{% endif %}</li>{% endfor %}</ul>
<p><small>{{ release }}, {{ process }}</small></p></body></html>"""


@app.get("/")
def index():
    with connect() as db:
        entries = db.execute("select name, welcome from entries order by id desc limit 20").fetchall()
    return render_template_string(
        PAGE,
        title=TITLE,
        entries=entries,
        release=os.environ.get("DOUZE_RELEASE", "no release"),
        process=os.environ.get("DOUZE_PROCESS", "by hand"),
    )


@app.post("/")
def sign():
    with connect() as db:
        db.execute("insert into entries (name) values (%s)", [request.form["name"][:80]])
        db.execute("notify entries")
    return redirect("/", code=303)


@app.get("/welcomed")
def welcomed():
    with connect() as db:
        return {"done": db.execute("select count(*) from entries where welcome is not null").fetchone()[0]}


@app.get("/readyz")
def readyz():
    with connect() as db:
        db.execute("select 1")
    return "ready\n"


@app.get("/livez")
def livez():
    return "alive\n"
