package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"notes/internal/notes"
)

type app struct {
	db       *sql.DB
	secret   []byte
	greeting string
}

type note struct {
	ID   int64
	Text string
}

// A page answers by itself, or fails.
type page func(ctx context.Context, w http.ResponseWriter, r *http.Request) error

func (a *app) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", pages(map[string]page{"GET": a.front}))
	mux.Handle("/notes", pages(map[string]page{"POST": a.keepNote}))
	mux.Handle("/notes/", pages(map[string]page{"GET": a.showNote}))
	mux.Handle("/visits", pages(map[string]page{"GET": a.showVisits}))
	mux.Handle("/jobs", pages(map[string]page{"GET": a.showJobs, "POST": a.addJob}))
	mux.Handle("/readyz", pages(map[string]page{"GET": a.ready}))
	mux.HandleFunc("/livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	return mux
}

func pages(byMethod map[string]page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		page, there := byMethod[method]
		if !there {
			http.Error(w, "not here", http.StatusMethodNotAllowed)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), notes.Patience)
		defer cancel()
		r.Body = http.MaxBytesReader(w, r.Body, 65_536)
		if err := page(ctx, w, r); err != nil {
			fmt.Printf("error: %s %s: %s\n", r.Method, r.URL.Path, notes.Reason(err))
			http.Error(w, "something went wrong", http.StatusInternalServerError)
		}
	})
}

func (a *app) front(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return nil
	}
	rows, err := a.db.QueryContext(ctx, "select id, text from notes order by id desc limit 20")
	if err != nil {
		return err
	}
	defer rows.Close()
	var all []note
	for rows.Next() {
		var each note
		if err := rows.Scan(&each.ID, &each.Text); err != nil {
			return err
		}
		all = append(all, each)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return show(w, "front", map[string]any{"Greeting": a.greeting, "Notes": all})
}

func (a *app) keepNote(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	text := strings.TrimSpace(r.PostFormValue("text"))
	if text == "" {
		http.Error(w, "a note needs a text", http.StatusUnprocessableEntity)
		return nil
	}
	var id int64
	if err := a.db.QueryRowContext(ctx, "insert into notes (text) values ($1) returning id", text).Scan(&id); err != nil {
		return err
	}
	http.Redirect(w, r, fmt.Sprintf("/notes/%d", id), http.StatusSeeOther)
	return nil
}

func (a *app) showNote(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	id, err := strconv.ParseInt(strings.TrimPrefix(r.URL.Path, "/notes/"), 10, 64)
	if err != nil {
		http.NotFound(w, r)
		return nil
	}
	var text string
	err = a.db.QueryRowContext(ctx, "select text from notes where id = $1", id).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		http.NotFound(w, r)
		return nil
	}
	if err != nil {
		return err
	}
	return show(w, "note", text)
}

func (a *app) addJob(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	if _, err := a.db.ExecContext(ctx, "insert into jobs default values"); err != nil {
		return err
	}
	http.Redirect(w, r, "/jobs", http.StatusSeeOther)
	return nil
}

func (a *app) showJobs(ctx context.Context, w http.ResponseWriter, _ *http.Request) error {
	var counts struct {
		Waiting int `json:"waiting"`
		Done    int `json:"done"`
	}
	if err := a.db.QueryRowContext(ctx, "select count(*) - count(done_at), count(done_at) from jobs").Scan(&counts.Waiting, &counts.Done); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(counts)
}

func (a *app) ready(ctx context.Context, w http.ResponseWriter, _ *http.Request) error {
	if _, err := a.db.ExecContext(ctx, "select 1"); err != nil {
		return err
	}
	fmt.Fprintln(w, "ready")
	return nil
}
