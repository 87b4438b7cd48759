package main

import (
	"html/template"
	"net/http"
)

var templates = template.Must(template.New("front").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Notes</title>
<body><h1>{{ .Greeting }}</h1>
<form method="post" action="/notes"><input name="text" placeholder="a note" required> <button>Keep</button></form>
<ul>{{ range .Notes }}<li><a href="/notes/{{ .ID }}">{{ .Text }}</a></li>
{{ end }}</ul>
<form method="post" action="/jobs"><button>Work</button></form>
<p><a href="/visits">visits</a> <a href="/jobs">jobs</a></p></body></html>
{{ define "note" }}<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Note</title>
<body><h1>{{ . }}</h1>
<p><a href="/">all notes</a></p></body></html>
{{ end }}`))

func show(w http.ResponseWriter, name string, content any) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return templates.ExecuteTemplate(w, name, content)
}
