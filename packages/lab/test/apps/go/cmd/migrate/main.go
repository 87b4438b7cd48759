package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"time"

	"notes/internal/notes"
)

var steps = []string{
	"create table notes (id bigserial primary key, text text not null)",
	"create table sessions (id text primary key, visits integer not null)",
	"create table jobs (id bigserial primary key, done_at timestamptz)",
}

func main() {
	db := notes.Open()
	if err := migrate(db); err != nil {
		fmt.Println("error:", notes.Reason(err))
		os.Exit(1)
	}
	fmt.Println("the schema is at", len(steps))
}

func migrate(db *sql.DB) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	// Two releases at once: the second waits here, and finds everything done.
	if _, err := tx.ExecContext(ctx, "select pg_advisory_xact_lock(12)"); err != nil {
		return err
	}
	var there bool
	if err := tx.QueryRowContext(ctx, "select to_regclass('migrations') is not null").Scan(&there); err != nil {
		return err
	}
	if !there {
		if _, err := tx.ExecContext(ctx, "create table migrations (number integer primary key)"); err != nil {
			return err
		}
	}
	var done int
	if err := tx.QueryRowContext(ctx, "select count(*) from migrations").Scan(&done); err != nil {
		return err
	}
	for number := done; number < len(steps); number++ {
		if _, err := tx.ExecContext(ctx, steps[number]); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "insert into migrations (number) values ($1)", number); err != nil {
			return err
		}
	}
	return tx.Commit()
}
