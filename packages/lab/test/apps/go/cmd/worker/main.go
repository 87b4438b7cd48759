package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"notes/internal/notes"
)

func main() {
	stopping, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	db := notes.Open()
	fmt.Println("waiting for jobs")
	for stopping.Err() == nil {
		worked, err := workOnce(db)
		if err != nil {
			fmt.Println("error:", notes.Reason(err))
			idle(stopping, time.Second)
		} else if !worked {
			idle(stopping, 250*time.Millisecond)
		}
	}
	fmt.Println("stopped")
}

// The job is locked while it is worked on, and done with the commit: whoever dies in between has not touched it.
func workOnce(db *sql.DB) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), notes.Patience)
	defer cancel()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	var id int64
	err = tx.QueryRowContext(ctx, "select id from jobs where done_at is null order by id limit 1 for update skip locked").Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	time.Sleep(300 * time.Millisecond)
	if _, err := tx.ExecContext(ctx, "update jobs set done_at = now() where id = $1", id); err != nil {
		return false, err
	}
	if err := tx.Commit(); err != nil {
		return false, err
	}
	fmt.Printf("job %d done\n", id)
	return true, nil
}

func idle(stopping context.Context, pause time.Duration) {
	select {
	case <-stopping.Done():
	case <-time.After(pause):
	}
}
