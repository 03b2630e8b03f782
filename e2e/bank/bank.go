package bank

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Record is one row: its columns by name, id included.
type Record map[string]any

// Request is one request as it arrived.
type Request struct {
	Method string
	Target string // the request target, byte for byte
	Host   string
	Header http.Header
	Body   []byte
}

// Bank is the running API.
type Bank struct {
	addr     string
	server   *http.Server
	finished chan struct{}

	mu     sync.Mutex
	opened map[string][]Record // as loaded, by table
	tables map[string][]Record // as it is now
	seen   []Request
}

// tables are the files that a bank opens with.
var tableNames = []string{"customers", "accounts", "cards", "transfers", "statements"}

// Start opens a bank on a free loopback port, with the CSV files of catalog as
// its tables: the very files that tiergate reads its facts from.
func Start(catalog fs.FS) (*Bank, error) {
	b := &Bank{opened: map[string][]Record{}, finished: make(chan struct{})}
	for _, name := range tableNames {
		rows, err := Load(catalog, name+".csv")
		if err != nil {
			return nil, fmt.Errorf("bank: %w", err)
		}
		b.opened[name] = rows
	}
	b.Reset()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("bank: %w", err)
	}
	b.addr = listener.Addr().String()
	b.server = &http.Server{Handler: b.record(lenient(b.routes())), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(b.finished)
		if err := b.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Printf("bank: %v", err)
		}
	}()
	return b, nil
}

// Load reads one table of a catalog.
func Load(catalog fs.FS, name string) ([]Record, error) {
	text, err := fs.ReadFile(catalog, name)
	if err != nil {
		return nil, err
	}
	lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("%s: no header", name)
	}
	var rows []Record
	for _, line := range lines[1:] {
		row := Record{}
		for i, column := range lines[0] {
			row[column] = line[i]
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// Addr is the bank's host:port.
func (b *Bank) Addr() string { return b.addr }

// Close ends the bank and all its connections.
func (b *Bank) Close() error {
	err := b.server.Close()
	<-b.finished
	return err
}

// Reset puts all records back and forgets what was seen.
func (b *Bank) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = nil
	b.tables = map[string][]Record{}
	for name, rows := range b.opened {
		for _, row := range rows {
			b.tables[name] = append(b.tables[name], maps.Clone(row))
		}
	}
}

// Seen returns the requests that arrived since the last Reset, oldest first.
func (b *Bank) Seen() []Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.seen)
}

// Rows returns the ids of a table as it is now.
func (b *Bank) Rows(table string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var ids []string
	for _, row := range b.tables[table] {
		ids = append(ids, text(row["id"]))
	}
	return ids
}

// record keeps each request before anything is done with it.
func (b *Bank) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		b.mu.Lock()
		b.seen = append(b.seen, Request{
			Method: r.Method, Target: r.RequestURI, Host: r.Host, Header: r.Header.Clone(), Body: body,
		})
		b.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

// text returns a column as text; CSV has nothing else, JSON bodies do.
func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	if v == nil {
		return ""
	}
	return strings.TrimSpace(fmt.Sprint(v))
}
