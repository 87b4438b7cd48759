import secrets

from flask import Flask, make_response, redirect, render_template, request
from itsdangerous import BadSignature, Signer
from werkzeug.exceptions import HTTPException

from config import greeting, session_secret
from database import reason, rows

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 65_536
signer = Signer(session_secret)


@app.get("/")
def front():
    notes = rows("select id, text from notes order by id desc limit 20")
    return render_template("front.html", greeting=greeting, notes=notes)


@app.post("/notes")
def keep_note():
    text = request.form.get("text", "").strip()
    if not text:
        return "a note needs a text\n", 422
    [(id,)] = rows("insert into notes (text) values (%s) returning id", text)
    return redirect(f"/notes/{id}", 303)


@app.get("/notes/<int:id>")
def show_note(id):
    found = rows("select text from notes where id = %s", id) if id < 10**15 else []
    return render_template("note.html", text=found[0][0]) if found else ("there is no such note\n", 404)


@app.get("/visits")
def show_visits():
    """The cookie names the session and is set anew each time, so that it lives on; the count is in the database."""
    id = session_id() or secrets.token_hex(16)
    [(visits,)] = rows(
        "insert into sessions (id, visits) values (%s, 1)"
        " on conflict (id) do update set visits = sessions.visits + 1 returning visits",
        id,
    )
    response = make_response(f"<p>Visits: {visits}</p>\n")
    response.set_cookie("visitor", signer.sign(id).decode(), httponly=True, samesite="Lax", max_age=1_209_600)
    return response


def session_id():
    try:
        return signer.unsign(request.cookies.get("visitor", "")).decode()
    except BadSignature:
        return None


@app.post("/jobs")
def add_job():
    rows("insert into jobs default values returning id")
    return redirect("/jobs", 303)


@app.get("/jobs")
def show_jobs():
    [(waiting, done)] = rows("select count(*) - count(done_at), count(done_at) from jobs")
    return {"waiting": waiting, "done": done}


@app.get("/readyz")
def readyz():
    rows("select 1")
    return "ready\n"


@app.get("/livez")
def livez():
    return "alive\n"


@app.errorhandler(Exception)
def failed(error):
    if isinstance(error, HTTPException):
        return f"{error.name}\n", error.code
    print(f"error: {request.method} {request.path}: {reason(error)}", flush=True)
    return "something went wrong\n", 500
