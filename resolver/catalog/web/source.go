package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules/dial"
)

// Source reads rows from an HTTP API. It keeps connections, and no row.
type Source struct {
	options Options
	types   map[string]*kind
	client  *client
	slots   chan struct{} // requests under way
}

var _ catalog.Source = (*Source)(nil)

// Open checks the options and makes a source. It does not connect.
func Open(o Options) (*Source, error) {
	o, kinds, err := o.compiled()
	if err != nil {
		return nil, fmt.Errorf("http: %w", err)
	}
	return &Source{options: o, types: kinds, client: newClient(&o), slots: make(chan struct{}, o.InFlight)}, nil
}

// Close ends the connections that nobody uses.
func (s *Source) Close() { s.client.close() }

// Lookup implements catalog.Source. What one id's answer says of that id alone
// makes a row bad; anything else that goes wrong is catalog.ErrUnavailable for all.
func (s *Source) Lookup(ctx context.Context, keys []catalog.Key) ([]catalog.Row, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	who, err := s.options.credentials()
	if err != nil {
		return nil, unavailable(err)
	}
	found, err := s.fetch(ctx, keys, who)
	if err != nil {
		return nil, unavailable(err)
	}
	rows := make([]catalog.Row, len(keys))
	for i, key := range keys {
		rows[i] = found[key]
		rows[i].Key, rows[i].Generation = key, 1
	}
	return rows, nil
}

func unavailable(err error) error {
	if errors.Is(err, catalog.ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", catalog.ErrUnavailable, err)
}

// fetch asks for each key once. The first failure ends the others.
func (s *Source) fetch(ctx context.Context, keys []catalog.Key, who credentials) (map[catalog.Key]catalog.Row, error) {
	ids := make(map[*kind][]string)
	found := make(map[catalog.Key]catalog.Row, len(keys))
	for _, key := range keys {
		k := s.types[key.Type]
		if k == nil {
			return nil, fmt.Errorf("no URL is given for the type %s", key.Type)
		}
		if _, seen := found[key]; seen || key.ID == "" {
			continue // nothing has an empty id
		}
		found[key] = catalog.Row{}
		ids[k] = append(ids[k], key.ID)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(s.options.InFlight)
	answers := make(chan []catalog.Row, len(keys))
	for k, all := range ids {
		size := 1
		if k.keys != "" {
			size = k.batch
		}
		for some := range slices.Chunk(all, size) {
			g.Go(func() error {
				rows, err := s.answer(ctx, k, some, who)
				answers <- rows
				return err
			})
		}
	}
	err := g.Wait()
	close(answers)
	for rows := range answers {
		for _, row := range rows {
			found[row.Key] = row
		}
	}
	return found, err
}

// answer asks for some ids of a type: one where it has a GET.
func (s *Source) answer(ctx context.Context, k *kind, ids []string, who credentials) ([]catalog.Row, error) {
	if k.keys != "" {
		return s.post(ctx, k, ids, who)
	}
	row := catalog.Row{Key: catalog.Key{Type: k.name, ID: ids[0]}}
	address, sayable := k.template.expand(ids[0])
	if !sayable {
		row.Found, row.Bad = true, "the id cannot stand in a URL"
		return []catalog.Row{row}, nil
	}
	got, err := s.ask(ctx, address, nil, who)
	switch {
	case err != nil:
		return nil, fmt.Errorf("GET %s%s: %w", dial.Printable(k.template.before), place, err)
	case got.status == http.StatusNotFound, got.status == http.StatusGone:
	case got.status != http.StatusOK:
		row.Found, row.Bad = true, fmt.Sprintf("the server answers status %d", got.status)
	case int64(len(got.body)) > s.options.MaxBody:
		row.Found, row.Bad = true, fmt.Sprintf("the answer has more than %d bytes", s.options.MaxBody)
	default:
		k.one(&row, got.body)
	}
	return []catalog.Row{row}, nil
}

func (s *Source) post(ctx context.Context, k *kind, ids []string, who credentials) ([]catalog.Row, error) {
	fail := func(err error) error { return fmt.Errorf("POST %s: %w", dial.Printable(k.url), err) }
	sayable, rows := sortOut(k, ids)
	if len(sayable) == 0 {
		return rows, nil
	}
	body, err := json.Marshal(map[string][]string{k.keys: sayable})
	if err != nil {
		return nil, err
	}
	got, err := s.ask(ctx, k.url, body, who)
	switch {
	case err != nil:
		return nil, fail(err)
	case got.status != http.StatusOK:
		return nil, fail(wrongStatus(got.status))
	case int64(len(got.body)) > s.options.MaxBody:
		return nil, fail(fmt.Errorf("the answer has more than %d bytes", s.options.MaxBody))
	}
	found, stray, err := k.several(sayable, got.body)
	if err != nil {
		return nil, fail(err)
	}
	for _, id := range sayable {
		row, there := found[id]
		row.Key = catalog.Key{Type: k.name, ID: id}
		if !there && stray {
			row.Found, row.Bad = true, errOther.Error()
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// sortOut splits ids into those that JSON can say and rows for the others, which no
// API that speaks JSON has.
func sortOut(k *kind, ids []string) (sayable []string, rows []catalog.Row) {
	for _, id := range ids {
		if utf8.ValidString(id) {
			sayable = append(sayable, id)
		} else {
			rows = append(rows, catalog.Row{Key: catalog.Key{Type: k.name, ID: id}})
		}
	}
	return sayable, rows
}
