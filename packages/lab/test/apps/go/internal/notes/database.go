package notes

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib"
)

// Patience is how long anybody waits for the database.
const Patience = 6 * time.Second

// Open connects when it is first asked, and again when the server comes back.
func Open() *sql.DB {
	db, err := sql.Open("pgx", Required("DATABASE_URL"))
	if err != nil {
		// What the driver says of an address may hold its password.
		fmt.Println("DATABASE_URL is no address of a PostgreSQL server")
		os.Exit(configError)
	}
	db.SetMaxOpenConns(10)
	return db
}

// Reason tells what went wrong, without anything of the connection's address.
func Reason(err error) string {
	var said *pgconn.PgError
	var dial *net.OpError
	switch {
	case errors.As(err, &said):
		return said.Code + " " + said.Message
	case errors.Is(err, context.DeadlineExceeded):
		return "the database did not answer in time"
	case errors.As(err, &dial):
		return "the database cannot be reached: " + dial.Err.Error()
	}
	return fmt.Sprintf("the database failed (%T)", err)
}
