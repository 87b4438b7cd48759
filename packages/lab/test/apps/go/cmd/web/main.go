package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"notes/internal/notes"
)

func main() {
	stopping, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	secret := []byte(notes.Required("SESSION_SECRET"))
	app := &app{db: notes.Open(), secret: secret, greeting: notes.Optional("GREETING", "Hello")}
	// Not localhost: a router on another machine must get here.
	address := net.JoinHostPort(notes.Optional("HOST", "0.0.0.0"), notes.Optional("PORT", "5000"))
	server := &http.Server{Addr: address, Handler: logged(app.routes()), ReadHeaderTimeout: 10 * time.Second}

	failed := make(chan error, 1)
	go func() {
		fmt.Println("listening on", address)
		failed <- server.ListenAndServe()
	}()
	select {
	case err := <-failed:
		fmt.Println("error:", err)
		os.Exit(1)
	case <-stopping.Done():
	}
	fmt.Println("finishing")
	last, done := context.WithTimeout(context.Background(), 9*time.Second)
	defer done()
	if err := server.Shutdown(last); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println("stopped")
}

type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// logged writes a line for each request, straight to the standard output: Go keeps nothing back.
func logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		recorded := &recorder{w, http.StatusOK}
		next.ServeHTTP(recorded, r)
		fmt.Printf("%s %s %d %dms\n", r.Method, r.URL.RequestURI(), recorded.status, time.Since(began).Milliseconds())
	})
}
