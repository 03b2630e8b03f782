package oracle

import "fmt"

// wiring is what a run adds to a world: where the key sets are.
type wiring struct {
	jwksURL map[string]string // by issuer
}

// jwksFile is the path of a key set below the run's directory.
func jwksFile(issuer string) string { return "jwks-" + issuer + ".json" }

// CatalogFile is the path of a source below the run's directory.
func (s *Source) CatalogFile() string { return "catalog/" + s.Name + "." + s.Format }

// ConfigFile renders tiergate.yaml.
func (w *World) ConfigFile(at wiring) string {
	var hosts []string
	for _, h := range w.Hosts {
		if h.Served {
			hosts = append(hosts, h.Name)
		}
	}
	s := "listen:\n  grpc:\n    - { address: 127.0.0.1:0, serves: " + quoteAll(hosts) + " }\n  admin: 127.0.0.1:0\n"
	s += "rules: " + quoteAll(w.Layers()) + "\nstate_dir: ./state\nissuers:\n"
	for _, i := range w.Issuers {
		s += "  - " + i.render(at) + "\n"
	}
	s += "catalogs:\n"
	written := map[string]bool{}
	for _, t := range w.Types {
		if t.Source != nil && !written[t.Source.Name] {
			written[t.Source.Name] = true
			s += fmt.Sprintf("  %s: { file: ./%s, max_age: 24h }\n", t.Source.Name, t.Source.CatalogFile())
		}
	}
	for _, i := range w.Issuers {
		if d := i.Directory; d != nil && !written[d.Source.Name] {
			s += fmt.Sprintf("  %s: { file: ./%s, max_age: 24h }\n", d.Source.Name, d.Source.CatalogFile())
		}
	}
	s += w.peerConfig() + w.originsConfig()
	s += "control: { socket: ./control/c.sock }\nrevocations: { file: ./" + revocationsFile + " }\n"
	s += "headers: { managed: " + quoteAll(w.Managed) + " }\n"
	s += "audit: { file: ./decisions.jsonl, buffer: 65536 }\n"
	s += "drain: { wait: 50ms }\n" // nobody asks any more when it ends
	return s + fmt.Sprintf("limits: { body: %d }\n", w.BodyLimit)
}

func (i *Issuer) render(at wiring) string {
	var f, jwks, claims, fixed flow
	f.str("name", i.Name)
	f.str("issuer", i.URL)
	f.list("audience", []string{i.Audience})
	if i.JWKS == "file" {
		jwks.str("file", "./"+jwksFile(i.Name))
	} else {
		jwks.str("url", at.jwksURL[i.Name])
		jwks.flag("allow_http", true)
	}
	f.sub("jwks", &jwks)
	f.list("algorithms", []string{i.Algorithm})
	for _, a := range i.MayAssert {
		claims.raw(a.Name, a.Kind)
	}
	f.sub("may_assert", &claims)
	for _, c := range i.Fixed {
		fixed.str(c.Claim, c.Value)
	}
	f.sub("fixed", &fixed)
	f.str("purpose", i.Purpose)
	f.str("client", i.Client)
	if !i.AnyLifetime {
		f.raw("max_lifetime", "24h")
	}
	i.limits(&f)
	return f.String()
}
