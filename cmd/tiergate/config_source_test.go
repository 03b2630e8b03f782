package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a later version reads is refused by its name, not as a slip of the pen.
func TestSharedCatalogsComeLater(t *testing.T) {
	for _, key := range []string{"redis", "valkey"} {
		path := filepath.Join(t.TempDir(), "tiergate.yaml")
		text := "listen: { grpc: [ { address: 127.0.0.1:0, serves: [a.example.com] } ] }\nrules: [./rules]\ncatalogs: { a: { " + key + ": {} } }\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadConfig(path); err == nil || !strings.Contains(err.Error(), `"`+key+`" is not supported yet`) {
			t.Errorf("%s: got %v", key, err)
		}
	}
}
