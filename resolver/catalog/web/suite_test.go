package web

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/resolver/catalog/catalogtest"
)

// An API has no two rows of one id to give for one GET: it says so.
func TestConformanceOfGET(t *testing.T) {
	catalogtest.Run(t, func(t *testing.T, rows ...catalog.Row) catalog.Source {
		byID := make(map[string][]map[string]any)
		for _, r := range rows {
			byID[r.Key.ID] = append(byID[r.Key.ID], object(r))
		}
		a := serve(t, func(w http.ResponseWriter, r *http.Request) {
			switch found := byID[fromPath(r)]; len(found) {
			case 0:
				w.WriteHeader(http.StatusNotFound)
			case 1:
				reply200(w, found[0])
			default:
				w.WriteHeader(http.StatusConflict)
			}
		})
		return open(t, a, account(), nil)
	})
}

func TestConformanceOfPOST(t *testing.T) {
	catalogtest.Run(t, func(t *testing.T, rows ...catalog.Row) catalog.Source {
		a := serve(t, func(w http.ResponseWriter, r *http.Request) {
			var body struct{ IDs []string }
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Header.Get("Content-Type") != "application/json" {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			asked := make(map[string]bool)
			for _, id := range body.IDs {
				asked[id] = true
			}
			items := []map[string]any{}
			for _, row := range rows {
				if asked[row.Key.ID] {
					items = append(items, object(row))
				}
			}
			reply200(w, map[string]any{"data": map[string]any{"items": items}})
		})
		typ := account()
		typ.URL, typ.Keys, typ.Rows = "/accounts:batch", "ids", "$.data.items"
		return open(t, a, typ, nil)
	})
}
