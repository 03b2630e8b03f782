package bank

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func (b *Bank) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { reply(w, "ok") })

	for _, table := range tableNames {
		mux.HandleFunc("GET /v1/"+table+"/{id}", b.read(table))
		mux.HandleFunc("PATCH /v1/"+table+"/{id}", b.update(table))
		mux.HandleFunc("PUT /v1/"+table+"/{id}", b.update(table))
		mux.HandleFunc("DELETE /v1/"+table+"/{id}", b.remove(table))
	}
	mux.HandleFunc("GET /v1/customers", b.list("customers", "tenant"))
	mux.HandleFunc("GET /v1/marketing/audience", b.list("customers", "tenant"))
	mux.HandleFunc("GET /v1/customers/{parent}/accounts", b.list("accounts", "parent"))
	mux.HandleFunc("POST /v1/customers/{parent}/accounts", b.openAccount)
	mux.HandleFunc("GET /v1/accounts", b.list("accounts", "tenant"))
	mux.HandleFunc("GET /v1/accounts/all", b.list("accounts", ""))
	mux.HandleFunc("GET /v1/my/accounts", b.mine)
	mux.HandleFunc("GET /v1/account", b.read("accounts")) // ?id=
	mux.HandleFunc("POST /v1/accounts/{id}/close", b.close)
	mux.HandleFunc("POST /v1/accounts:lookup", b.lookup)
	mux.HandleFunc("POST /v1/accounts:batchGet", b.batchGet)
	mux.HandleFunc("POST /v1/accounts:batchDelete", b.batchDelete)
	mux.HandleFunc("POST /v1/transfers", b.transfer)
	mux.HandleFunc("GET /v1/files/{path...}", b.file)
	mux.HandleFunc("GET /v1/admin/{page}", b.admin)
	mux.HandleFunc("POST /v1/admin/{page}", b.admin)
	mux.HandleFunc("GET /debug/dump", b.dump) // left in by a developer
	return mux
}

// read answers any record to anyone who has its id.
func (b *Bank) read(table string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		if id == "" {
			id = r.URL.Query().Get("id")
		}
		b.answer(w, table, id)
	}
}

func (b *Bank) answer(w http.ResponseWriter, table, id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	row := b.find(table, id)
	if row == nil {
		http.Error(w, "no such record", http.StatusNotFound)
		return
	}
	reply(w, row)
}

// find returns the record, or nil. The caller holds the lock.
func (b *Bank) find(table, id string) Record {
	for _, row := range b.tables[table] {
		if row["id"] == id {
			return row
		}
	}
	return nil
}

// update takes over whatever members the body has: mass assignment.
func (b *Bank) update(table string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var changes Record
		if !decode(w, r, &changes) {
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		row := b.find(table, r.PathValue("id"))
		if row == nil {
			row = Record{"id": r.PathValue("id")}
			b.tables[table] = append(b.tables[table], row)
		}
		maps.Copy(row, changes)
		reply(w, row)
	}
}

func (b *Bank) remove(table string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		b.drop(table, r.PathValue("id"))
		reply(w, "deleted")
	}
}

func (b *Bank) drop(table string, ids ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tables[table] = slices.DeleteFunc(b.tables[table], func(row Record) bool {
		return slices.Contains(ids, text(row["id"]))
	})
}

// list answers the records whose column has the value the caller asked for,
// and all records when the caller asked for none.
func (b *Bank) list(table, column string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		value := r.PathValue(column)
		if value == "" && column != "" {
			value = r.URL.Query().Get(column)
		}
		b.filtered(w, table, column, value)
	}
}

func (b *Bank) filtered(w http.ResponseWriter, table, column, value string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	rows := []Record{}
	for _, row := range b.tables[table] {
		if value == "" || row[column] == value {
			rows = append(rows, row)
		}
	}
	reply(w, rows)
}

// mine believes the header that the gateway is supposed to set, in either
// spelling: to many servers x_bank_customer is the same header.
func (b *Bank) mine(w http.ResponseWriter, r *http.Request) {
	owner := r.URL.Query().Get("owner")
	for name, values := range r.Header {
		if strings.EqualFold(strings.ReplaceAll(name, "_", "-"), "x-bank-customer") {
			owner = values[0]
		}
	}
	b.filtered(w, "accounts", "owner", owner)
}

func (b *Bank) openAccount(w http.ResponseWriter, r *http.Request) {
	row := Record{}
	if !decode(w, r, &row) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	row["id"] = "NO9" + strconv.Itoa(10000+len(b.tables["accounts"]))
	row["parent"] = r.PathValue("parent")
	b.tables["accounts"] = append(b.tables["accounts"], row)
	reply(w, row)
}

func (b *Bank) close(w http.ResponseWriter, r *http.Request) {
	b.drop("accounts", r.PathValue("id"))
	reply(w, "closed")
}

func (b *Bank) lookup(w http.ResponseWriter, r *http.Request) {
	var body struct {
		ID string `json:"id"`
	}
	if decode(w, r, &body) {
		b.answer(w, "accounts", body.ID)
	}
}

type ids struct {
	IDs []string `json:"ids"`
}

func (b *Bank) batchGet(w http.ResponseWriter, r *http.Request) {
	var body ids
	if !decode(w, r, &body) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	rows := []Record{}
	for _, row := range b.tables["accounts"] {
		if len(body.IDs) == 0 || slices.Contains(body.IDs, text(row["id"])) { // "no ids" means all of them
			rows = append(rows, row)
		}
	}
	reply(w, rows)
}

func (b *Bank) batchDelete(w http.ResponseWriter, r *http.Request) {
	var body ids
	if decode(w, r, &body) {
		b.drop("accounts", body.IDs...)
		reply(w, "deleted")
	}
}

func (b *Bank) transfer(w http.ResponseWriter, r *http.Request) {
	var row Record
	if !decode(w, r, &row) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	row["id"] = fmt.Sprintf("t-%d", 9000+len(b.tables["transfers"]))
	b.tables["transfers"] = append(b.tables["transfers"], row)
	reply(w, row)
}

func (b *Bank) file(w http.ResponseWriter, r *http.Request) {
	reply(w, Record{"file": r.PathValue("path"), "text": "Lorem ipsum."})
}

func (b *Bank) admin(w http.ResponseWriter, r *http.Request) {
	reply(w, Record{"page": r.PathValue("page"), "staff": []string{"root"}})
}

func (b *Bank) dump(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	reply(w, b.tables)
}

func decode(w http.ResponseWriter, r *http.Request, v any) bool {
	if err := json.NewDecoder(r.Body).Decode(v); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v) //nolint:errcheck // the client has gone: nobody to tell
}
