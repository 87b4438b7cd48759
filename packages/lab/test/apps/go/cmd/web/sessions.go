package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
)

// The cookie names the session and is set anew each time, so that it lives on; the count is in the database.
func (a *app) showVisits(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	id := a.sessionID(r)
	if id == "" {
		bytes := make([]byte, 16)
		if _, err := rand.Read(bytes); err != nil {
			return err
		}
		id = hex.EncodeToString(bytes)
	}
	var visits int
	err := a.db.QueryRowContext(ctx, `insert into sessions (id, visits) values ($1, 1)
		on conflict (id) do update set visits = sessions.visits + 1 returning visits`, id).Scan(&visits)
	if err != nil {
		return err
	}
	cookie := &http.Cookie{Name: "visitor", Value: id + "." + a.signature(id), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: 1_209_600}
	http.SetCookie(w, cookie)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<p>Visits: %d</p>\n", visits)
	return nil
}

func (a *app) sessionID(r *http.Request) string {
	cookie, err := r.Cookie("visitor")
	if err != nil {
		return ""
	}
	id, signed, _ := strings.Cut(cookie.Value, ".")
	if !hmac.Equal([]byte(signed), []byte(a.signature(id))) {
		return ""
	}
	return id
}

func (a *app) signature(id string) string {
	mac := hmac.New(sha256.New, a.secret)
	mac.Write([]byte(id))
	return hex.EncodeToString(mac.Sum(nil))
}
