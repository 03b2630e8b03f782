package oracle

import (
	"fmt"
	"maps"
	slashpath "path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Files are paths below a directory and their contents.
type Files map[string]string

// rulesDir is the rules directory, or the top layer: a team's file names its own.
const rulesDir = "rules"

// Layers are the rules directories, the top layer first.
func (w *World) Layers() []string {
	dirs := []string{rulesDir}
	for _, team := range w.Teams {
		if dir := slashpath.Dir(team.File); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// RulesFiles renders the rules directories. Dates count from now.
func (w *World) RulesFiles(now time.Time) Files {
	date := func(days int) string { return now.UTC().AddDate(0, 0, days).Format(time.DateOnly) }
	files := Files{
		"tiers.yaml":      w.tiersFile(),
		"objects.yaml":    w.objectsFile(date),
		"identities.yaml": w.identitiesFile(date),
		"names.yaml":      w.namesFile(date),
	}
	for i, h := range w.Hosts {
		if len(h.Lines) > 0 {
			files[fmt.Sprintf("routes-%d.yaml", i)] = w.routesFile(h, date)
		}
	}
	for _, r := range w.Rules {
		if files[r.File] == "" {
			files[r.File] = "rules:\n"
		}
		files[r.File] += "  - " + r.render(date) + "\n"
	}
	placed := Files{}
	for name, text := range files {
		if !strings.Contains(name, "/") {
			name = slashpath.Join(rulesDir, name)
		}
		placed[name] = text
	}
	return placed
}

// flow writes mappings in YAML's flow style.
type flow struct{ parts []string }

func (f *flow) raw(key, value string) { f.parts = append(f.parts, key+": "+value) }

func (f *flow) str(key, value string) {
	if value != "" {
		f.raw(key, quote(value))
	}
}

func (f *flow) list(key string, values []string) {
	if len(values) > 0 {
		f.raw(key, quoteAll(values))
	}
}

func (f *flow) flag(key string, set bool) {
	if set {
		f.raw(key, "true")
	}
}

// sub writes a mapping within, unless it is empty.
func (f *flow) sub(key string, inner *flow) {
	if !inner.empty() {
		f.raw(key, inner.String())
	}
}

func (f *flow) String() string { return "{ " + strings.Join(f.parts, ", ") + " }" }

// empty says whether nothing was written.
func (f *flow) empty() bool { return len(f.parts) == 0 }

// quote writes a Go string, whose escapes YAML's double quotes have too.
func quote(s string) string { return strconv.Quote(s) }

func quoteAll(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(v)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func (w *World) tiersFile() string {
	s := "tiers:\n"
	for _, t := range w.Tiers {
		var f flow
		f.str("name", t.Name)
		f.sub("require", t.Require.render())
		f.sub("require_shadow", t.Trial.render())
		f.list("justify", t.Justify)
		s += "  - " + f.String() + "\n"
	}
	if w.Overdue {
		s += "overdue: deny\n"
	}
	for i, team := range w.Teams {
		var f, owns flow
		f.str("name", team.Name)
		f.str("files", team.File)
		f.str("owner", "team-oracle")
		owns.list("types", team.Types)
		owns.list("hosts", team.Hosts)
		owns.str("up_to", team.UpTo)
		owns.list("actions", team.Actions)
		owns.list("catalogs", team.Catalogs)
		owns.list("headers", team.Headers)
		owns.flag("open", true)
		f.sub("owns", &owns)
		s += []string{"teams:\n", ""}[min(i, 1)] + "  - " + f.String() + "\n"
	}
	weights := ""
	for _, action := range w.Weighed {
		weights += ", " + action + ": 2"
	}
	return s + "unclassified: " + w.Unclassified + "\ncategories: " + quoteAll(w.Categories) + "\nbroad_above: " + w.Tiers[0].Name + "\nweights: { close: 8, touch: 2, debit: 4, credit: 2, receive: 4" + weights + " }\n"
}

func (r Require) render() *flow {
	var f flow
	if r.MaxTokenAge > 0 {
		f.raw("max_token_age", r.MaxTokenAge.String())
	}
	if r.MaxAuthAge > 0 {
		f.raw("max_auth_age", r.MaxAuthAge.String())
	}
	f.flag("bound_token", r.BoundToken)
	f.flag("purpose", r.Purpose)
	f.flag("mtls", r.MTLS)
	f.list("network", r.Networks)
	f.list("acr", r.ACR)
	f.list("amr", r.AMR)
	if r.Fresh > 0 {
		f.raw("fresh_catalog", r.Fresh.String())
	}
	return &f
}

func shadowList(entries []Shadow, date func(int) string) string {
	parts := make([]string, len(entries))
	for i, e := range entries {
		var f flow
		f.str("host", e.Host)
		f.raw("until", date(e.Days))
		parts[i] = f.String()
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func (w *World) objectsFile(date func(int) string) string {
	s := "objects:\n"
	for _, t := range w.Types {
		var f, attributes, actions, properties, writable flow
		f.str("type", t.Name)
		f.str("tier", t.Tier)
		f.str("max_row_tier", t.MaxRowTier)
		f.str("parent", t.Parent)
		f.str("id", t.IDPattern)
		if t.Source != nil {
			f.str("catalog", t.Source.Name)
		}
		for _, a := range t.Attributes {
			attributes.raw(a.Name, a.Kind)
		}
		for _, a := range t.Actions {
			actions.raw(a.Action, "{ tier: "+a.Tier+" }")
		}
		for _, b := range t.Bodies { // of actions without a tier of their own
			var members, body flow
			for _, m := range b.Members {
				members.raw(m.Name, m.Kind)
			}
			body.sub("body", &members)
			actions.sub(b.Action, &body)
		}
		for _, p := range t.Properties {
			if len(p.Category) == 0 {
				properties.raw(quote(p.Member), p.Tier)
				continue
			}
			properties.raw(quote(p.Member), "{ tier: "+p.Tier+", category: "+quoteAll(p.Category)+" }")
		}
		for _, x := range t.Writable {
			writable.list(x.Action, x.Members)
		}
		f.sub("attributes", &attributes)
		f.sub("actions", &actions)
		f.sub("properties", &properties)
		f.sub("writable", &writable)
		f.list("category", t.Category)
		t.classes(&f)
		if len(t.Shadow) > 0 {
			f.raw("shadow", shadowList(t.Shadow, date))
		}
		s += "  - " + f.String() + "\n"
	}
	return s
}

// classes renders `classify`.
func (t *Type) classes(f *flow) {
	if len(t.Classify) == 0 {
		return
	}
	parts := make([]string, len(t.Classify))
	for i, c := range t.Classify {
		var entry flow
		entry.str("when", c.When.String())
		entry.str("tier", c.Tier)
		entry.list("category", c.Category)
		parts[i] = entry.String()
	}
	f.raw("classify", "["+strings.Join(parts, ", ")+"]")
}

func (w *World) identitiesFile(date func(int) string) string {
	s := w.kindsSection() + "identities:\n"
	for _, i := range w.Identities {
		var f, match flow
		f.str("name", i.Name)
		f.str("kind", i.Kind)
		match.str("issuer", i.Issuer)
		match.str("subject", i.Subject)
		match.list("client", i.Clients)
		match.str("peer", i.Peer)
		f.raw("match", match.String())
		f.str("workload", i.Workload)
		f.str("tenant", i.Tenant)
		f.list("purpose", i.Purposes)
		if len(i.Shadow) > 0 {
			f.raw("shadow", shadowList(i.Shadow, date))
		}
		i.limits(&f, date)
		i.governed(&f, date)
		s += "  - " + f.String() + "\n"
	}
	return s
}

// limits renders what limits the use of an identity.
func (i *Identity) limits(f *flow, date func(int) string) {
	f.str("status", i.Status)
	if i.NotBefore != 0 {
		f.raw("not_before", date(i.NotBefore))
	}
	if i.Expires != 0 {
		f.raw("expires", date(i.Expires))
	}
	if i.MaxAge > 0 {
		f.raw("credential_max_age", i.MaxAge.String())
	}
	f.list("network", i.Networks)
	f.list("on_behalf_of", i.OnBehalfOf)
	f.flag("strip_credentials", i.Strip)
}

func (w *World) routesFile(h *Host, date func(int) string) string {
	s := "routes:\n  - host: " + quote(h.Name) + "\n"
	if h.CORS {
		s += "    cors: true\n"
	}
	if h.Slash {
		s += "    trailing_slash: ignore\n"
	}
	if h.Case {
		s += "    case: ignore\n"
	}
	if len(h.Shadow) > 0 {
		s += "    shadow: " + shadowList(h.Shadow, date) + "\n"
	}
	s += "    map:\n"
	for _, l := range h.Lines {
		s += "      - " + l.render() + "\n"
	}
	return s
}

// sortedKeys are the keys of a mapping in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
