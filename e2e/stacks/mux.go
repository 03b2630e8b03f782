package stacks

import (
	"encoding/json"
	"net/http"
	"strings"
)

// report is what a stack says of a request: what it did, to which objects, each
// way in which a handler might read them.
type report struct {
	Action  string   `json:"action"`
	Objects []string `json:"objects"` // type/id
}

// mux is an API behind the standard library's router.
func mux() http.Handler {
	m := http.NewServeMux()
	handle := func(pattern, action string, objects func(*http.Request) []string) {
		m.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(report{action, objects(r)}) // whoever asks has gone otherwise
		})
	}
	item := func(r *http.Request) []string { return []string{"item/" + r.PathValue("id")} }
	handle("GET /items/{id}", "read", item)
	handle("DELETE /items/{id}", "delete", item)
	handle("POST /items/{id}", "update", func(r *http.Request) []string {
		id, ok := strings.CutSuffix(r.PathValue("id"), ":cancel")
		if !ok {
			return []string{"none"}
		}
		return []string{"item/" + id}
	})
	handle("GET /repos/{owner}/{name}", "read", func(r *http.Request) []string {
		return []string{"repo/" + r.PathValue("owner") + "/" + r.PathValue("name")}
	})
	handle("GET /files/{path...}", "read", func(r *http.Request) []string { return []string{"file/" + r.PathValue("path")} })
	handle("GET /packages/{name}", "read", func(r *http.Request) []string { return []string{"package/" + r.PathValue("name")} })
	handle("GET /compare/{range}", "read", func(r *http.Request) []string {
		base, head, _ := strings.Cut(r.PathValue("range"), "...")
		return []string{"item/" + base, "item/" + head}
	})
	handle("GET /search", "read", func(r *http.Request) []string { return items(r.URL.Query().Get("id"), r.FormValue("id")) })
	handle("GET /batch", "read", func(r *http.Request) []string { return items(strings.Split(r.URL.Query().Get("ids"), ",")...) })
	handle("GET /each", "read", func(r *http.Request) []string { return items(r.URL.Query()["id"]...) })
	handle("GET /header", "read", func(r *http.Request) []string { return items(r.Header.Get("X-Item")) })
	handle("POST /form", "update", func(r *http.Request) []string { return items(r.FormValue("id"), r.PostFormValue("id")) })
	m.HandleFunc("POST /json", inBody(func(b *message) []string { return items(b.ID) }))
	m.HandleFunc("POST /deep", inBody(func(b *message) []string { return items(b.Item.ID) }))
	m.HandleFunc("POST /list", inBody(func(b *message) []string {
		var ids []string
		for _, one := range b.Items {
			ids = append(ids, one.ID)
		}
		return items(ids...)
	}))
	return m
}

type message struct {
	ID    string
	Item  struct{ ID string }
	Items []struct{ ID string }
}

func items(ids ...string) []string {
	objects := make([]string, len(ids))
	for i, id := range ids {
		objects[i] = "item/" + id
	}
	return objects
}

// inBody reads JSON as most handlers do: the first value, whatever its type is called.
func inBody(objects func(*message) []string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var b message
		if err := json.NewDecoder(r.Body).Decode(&b); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(report{"update", objects(&b)}) // whoever asks has gone otherwise
	}
}
