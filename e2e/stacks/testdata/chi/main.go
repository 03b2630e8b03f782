// Command chi is an API behind the router chi. It reports the objects that it acts on.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"
)

// act reports what a handler does to which objects.
func act(w http.ResponseWriter, action string, objects ...string) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(map[string]any{"action": action, "objects": objects}); err != nil {
		log.Print(err)
	}
}

// param is a parameter of the path. chi routes by the escaped path where there is
// one, and leaves it to the handler to decode what it found.
func param(r *http.Request, name string) string {
	raw := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return raw
	}
	if text, err := url.PathUnescape(raw); err == nil {
		return text
	}
	return raw
}

func main() {
	m := chi.NewRouter()
	item := func(action string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { act(w, action, "item/"+param(r, "id")) }
	}
	m.Get("/items/{id}", item("read"))
	m.Delete("/items/{id}", item("delete"))
	m.Post("/items/{id}:cancel", item("update"))
	m.Get("/repos/{owner}/{name}", func(w http.ResponseWriter, r *http.Request) {
		act(w, "read", "repo/"+param(r, "owner")+"/"+param(r, "name"))
	})
	m.Get("/files/*", func(w http.ResponseWriter, r *http.Request) { act(w, "read", "file/"+param(r, "*")) })
	m.Get("/packages/{name}", func(w http.ResponseWriter, r *http.Request) { act(w, "read", "package/"+param(r, "name")) })
	m.Get("/compare/{base}...{head}", func(w http.ResponseWriter, r *http.Request) {
		act(w, "read", "item/"+param(r, "base"), "item/"+param(r, "head"))
	})
	m.Get("/search", func(w http.ResponseWriter, r *http.Request) {
		act(w, "read", "item/"+r.URL.Query().Get("id"), "item/"+r.FormValue("id"))
	})
	m.Get("/batch", func(w http.ResponseWriter, r *http.Request) {
		act(w, "read", items(strings.Split(r.URL.Query().Get("ids"), ","))...)
	})
	m.Get("/each", func(w http.ResponseWriter, r *http.Request) { act(w, "read", items(r.URL.Query()["id"])...) })
	m.Get("/header", func(w http.ResponseWriter, r *http.Request) { act(w, "read", "item/"+r.Header.Get("X-Item")) })
	m.Post("/form", func(w http.ResponseWriter, r *http.Request) {
		act(w, "update", "item/"+r.FormValue("id"), "item/"+r.PostFormValue("id"))
	})
	m.Post("/json", body(func(b *message) []string { return []string{b.ID} }))
	m.Post("/deep", body(func(b *message) []string { return []string{b.Item.ID} }))
	m.Post("/list", body(func(b *message) []string {
		var ids []string
		for _, one := range b.Items {
			ids = append(ids, one.ID)
		}
		return ids
	}))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on %s\n", l.Addr())
	log.Fatal(http.Serve(l, m))
}

type message struct {
	ID    string
	Item  struct{ ID string }
	Items []struct{ ID string }
}

func items(ids []string) []string {
	var objects []string
	for _, id := range ids {
		objects = append(objects, "item/"+id)
	}
	return objects
}

// body reads JSON as most handlers do: the first value, whatever its type is called.
func body(ids func(*message) []string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var b message
		if err := json.NewDecoder(r.Body).Decode(&b); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		act(w, "update", items(ids(&b))...)
	}
}
