//go:build e2e

package protocols

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/e2e/packages"
)

// tickets is an API that acts on what it is told: it checks nothing.
func tickets(s *seen) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/tickets/{id}", func(_ http.ResponseWriter, r *http.Request) { s.add(r.PathValue("id")) })
	mux.HandleFunc("POST /v1/close", func(_ http.ResponseWriter, r *http.Request) { s.add(r.FormValue("ticket")) })
	mux.HandleFunc("POST /v1/tickets:batchGet", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Requests []struct{ ID string } }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for _, one := range body.Requests {
			s.add(one.ID)
		}
	})
	return mux
}

// REST, forms and a batch in JSON.
func TestHTTPThroughEnvoy(t *testing.T) {
	s := &seen{}
	world := start(t, "rest.example.com", serving(t, tickets(s)), false, nil)
	token := world.Token(t, "tickets", "ada")
	form := func(id string) (string, string) {
		return "application/x-www-form-urlencoded", url.Values{"ticket": {id}, "why": {"done"}}.Encode()
	}
	parts := func(id string) (string, string) {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		_ = w.WriteField("ticket", id)
		_ = w.Close()
		return w.FormDataContentType(), b.String()
	}
	for _, row := range []struct {
		name, method, path string
		pair
		body func(id string) (kind, text string)
	}{
		{"REST", "GET", "/v1/tickets/ID", pair{"T-10", "T-11"}, nil},
		{"form", "POST", "/v1/close", pair{"T-20", "T-21"}, form},
		{"multipart", "POST", "/v1/close", pair{"T-40", "T-41"}, parts},
		{"JSON batch", "POST", "/v1/tickets:batchGet", pair{"T-30", "T-31"}, func(id string) (string, string) {
			return "application/json", `{"requests":[{"id":"T-10"},{"id":"` + id + `"}]}`
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			for id, want := range map[string]int{row.own: http.StatusOK, row.foreign: http.StatusForbidden} {
				kind, text := "", ""
				if row.body != nil {
					kind, text = row.body(id)
				}
				req, err := http.NewRequestWithContext(t.Context(), row.method, "http://rest.example.com"+strings.ReplaceAll(row.path, "ID", id), strings.NewReader(text))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("authorization", "Bearer "+token)
				if kind != "" {
					req.Header.Set("content-type", kind)
				}
				resp, err := client(t, world).Do(req)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != want {
					t.Errorf("%s: got %d, want %d", id, resp.StatusCode, want)
				}
			}
			row.decided(t, world, s.all())
		})
	}
}

// GraphQL, to a server that others wrote.
func TestGraphQLThroughEnvoy(t *testing.T) {
	modules, err := packages.Node(t.Context())
	packages.Need(t, err)
	server := service(t, "/usr/bin/env", "NODE_PATH="+modules, "node", script(t, "graphql_server.cjs"), script(t, "example/rules/tickets.graphql"))
	world := start(t, "graphql.example.com", server.Addr, false, nil)
	token := world.Token(t, "tickets", "ada")
	for _, row := range []struct {
		name, query string
		pair
	}{
		{"query", `query($id: ID!) { mine: ticket(id: "T-10") { id } asked: ticket(id: $id) { id } }`, pair{"T-20", "T-21"}},
		{"mutation", `mutation($id: ID!) { closeTicket(input: { id: $id }) { owner } }`, pair{"T-30", "T-31"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			for id, want := range map[string]int{row.own: http.StatusOK, row.foreign: http.StatusForbidden} {
				text, err := json.Marshal(map[string]any{"query": row.query, "variables": map[string]string{"id": id}})
				if err != nil {
					t.Fatal(err)
				}
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://graphql.example.com/graphql", bytes.NewReader(text))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("authorization", "Bearer "+token)
				req.Header.Set("content-type", "application/json")
				resp, err := client(t, world).Do(req)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != want {
					t.Errorf("%s: got %d, want %d", id, resp.StatusCode, want)
				}
			}
			row.decided(t, world, reported(t, server.Addr))
		})
	}
}
