// Package notes is what the app's processes share: config, and the way to the database.
package notes

import (
	"fmt"
	"os"
)

// configError is EX_CONFIG: trying again is no use.
const configError = 78

// Required gives a variable of the environment, and ends the process without it.
func Required(name string) string {
	value := os.Getenv(name)
	if value == "" {
		fmt.Printf("%s is missing: set it in the environment\n", name)
		os.Exit(configError)
	}
	return value
}

// Optional gives a variable of the environment, or a default.
func Optional(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}
