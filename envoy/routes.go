package envoy

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Line is what a proxy must know of the requests of one map line.
type Line struct {
	Text    string        // the line and its place, for a comment
	Host    string        // as a virtual host names it: api.example.com or *.example.com
	Methods []string      // none for every method
	Regexp  string        // whole paths, RE2
	Globs   []string      // paths that are as wide or wider, with {*} and {**}
	Body    bool          // tiergate reads the body
	Stream  time.Duration // one decision lets a stream pass, for as long
	Upgrade bool          // the stream is a WebSocket
}

// Routes writes virtual hosts in which bodies are held back for tiergate where a
// line reads one and nowhere else, and streams end when their time is over. Lines
// come narrower first, for Envoy takes the first route that fits. limit is the
// largest body in bytes that tiergate reads.
func Routes(lines []Line, cluster string, limit int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# For a route_config. The ext_authz filter itself must have, as in hardened.yaml,
#   with_request_body: { max_request_bytes: %d, allow_partial_message: false, pack_as_bytes: true }
virtual_hosts:
`, limit)
	for _, host := range hosts(lines) {
		if strings.HasPrefix(host, "*") {
			b.WriteString(wildcardPort)
		}
		fmt.Fprintf(&b, "- name: %s\n  %s\n  routes:\n", quoted(host), list("domains", withPort(host)))
		for i := range lines {
			if l := &lines[i]; l.Host == host && (l.Body || l.Stream > 0) {
				l.route(&b, cluster)
			}
		}
		fmt.Fprintf(&b, "  - match: { prefix: / }\n    route: { cluster: %s }\n%s", quoted(cluster), unbuffered)
	}
	return b.String()
}

// wildcardPort stands before a virtual host that a client's port leads past.
const wildcardPort = `# No domain can say a wildcard with a port: where clients send one, the connection
# manager must have strip_any_host_port: true, or they get 404.
`

const unbuffered = `    typed_per_filter_config:
      envoy.filters.http.ext_authz:
        "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute
        check_settings: { disable_request_body_buffering: true }
`

func (l *Line) route(b *strings.Builder, cluster string) {
	fmt.Fprintf(b, "  # %s\n  - match: { safe_regex: { regex: %s }", l.Text, quoted(l.Regexp))
	if len(l.Methods) > 0 {
		fmt.Fprintf(b, `, headers: [ { name: ":method", string_match: { safe_regex: { regex: %s } } } ]`, quoted(strings.Join(l.Methods, "|")))
	}
	fmt.Fprintf(b, " }\n    route: { cluster: %s", quoted(cluster))
	if l.Stream > 0 { // timeout is for whole answers, which a stream has not
		fmt.Fprintf(b, `, timeout: 0s, max_stream_duration: { max_stream_duration: %gs }`, l.Stream.Seconds())
	}
	if l.Upgrade {
		b.WriteString(", upgrade_configs: [ { upgrade_type: websocket } ]")
	}
	b.WriteString(" }\n")
	if !l.Body {
		b.WriteString(unbuffered)
	}
}

// Policies writes two Istio policies that share all requests between two
// providers: one that is sent bodies and one that is not. No request is of
// neither: Istio asks nobody about such a one. Streams are of the second.
func Policies(lines []Line) string {
	var with, without strings.Builder
	for _, host := range hosts(lines) {
		paths := map[string][]string{} // by method; "" for all of them
		for i := range lines {
			l := &lines[i]
			if l.Host != host || !l.Body {
				continue
			}
			methods := l.Methods
			if len(methods) == 0 {
				methods = []string{""}
			}
			for _, m := range methods {
				for _, glob := range l.Globs {
					if !slices.Contains(paths[m], glob) {
						paths[m] = append(paths[m], glob)
					}
				}
			}
		}
		share(&with, &without, on(host, hosts(lines)), paths)
	}
	var all []string
	for _, host := range hosts(lines) {
		all = append(all, withPort(host)...)
	}
	rule(&without, list("notHosts", all))
	return fmt.Sprintf(policies, rulesOr(with.String()), without.String())
}

// share divides the requests to one host by method and path, so that each is of
// exactly one side.
func share(with, without *strings.Builder, on string, paths map[string][]string) {
	always := paths[""]
	var methods []string
	for m := range paths {
		if m != "" {
			methods = append(methods, m)
		}
	}
	slices.Sort(methods)
	if len(always) > 0 {
		rule(with, on, list("paths", always))
	}
	rest := []string{on}
	if len(methods) > 0 {
		rest = append(rest, list("notMethods", methods))
	}
	if len(always) > 0 {
		rest = append(rest, list("notPaths", always))
	}
	for _, m := range methods {
		rule(with, on, list("methods", []string{m}), list("paths", paths[m]))
		rule(without, on, list("methods", []string{m}), list("notPaths", slices.Concat(always, paths[m])))
	}
	rule(without, rest...)
}

// on is the condition for the requests of a host: of those that a wildcard takes,
// the ones that have no host of their own.
func on(host string, all []string) string {
	condition := list("hosts", withPort(host))
	var narrower []string
	for _, other := range all {
		if strings.HasPrefix(host, "*") && other != host && strings.HasSuffix(other, host[1:]) {
			narrower = append(narrower, withPort(other)...)
		}
	}
	if len(narrower) > 0 {
		condition += ", " + list("notHosts", narrower)
	}
	return condition
}

// withPort is a host as clients send it. Proxies take one star in a name, so one
// with a wildcard has no port: let Envoy strip it (strip_any_host_port).
func withPort(host string) []string {
	if strings.HasPrefix(host, "*") {
		return []string{host}
	}
	return []string{host, host + ":*"}
}

func rule(b *strings.Builder, conditions ...string) {
	fmt.Fprintf(b, "  - to: [ { operation: { %s } } ]\n", strings.Join(conditions, ", "))
}

// rulesOr writes rules, or what matches nothing: a policy without any rule.
func rulesOr(text string) string {
	if text == "" {
		return " []\n"
	}
	return "\n" + text
}

func list(key string, values []string) string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = quoted(v)
	}
	return key + ": [" + strings.Join(all, ", ") + "]"
}

const policies = `# Two providers of one tiergate: "tiergate-bodies" has includeRequestBodyInCheck,
# "tiergate" has not. Every request is of exactly one of the policies; what a
# policy does not match, its provider is not asked about. EDIT the selectors.
# Two CUSTOM providers on one workload need an Istio that permits them: a release
# with istio/istio#58082, and PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS=true in
# istiod. Any other denies everything, or sets up no provider: send a request that
# must be denied before you rely on it, or use one provider with bodies.
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: tiergate-bodies, namespace: istio-ingress }
spec:
  selector: { matchLabels: { istio: ingressgateway } }
  action: CUSTOM
  provider: { name: tiergate-bodies }
  rules:%s---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: tiergate, namespace: istio-ingress }
spec:
  selector: { matchLabels: { istio: ingressgateway } }
  action: CUSTOM
  provider: { name: tiergate }
  rules:
%s`

// hosts are those of the lines, each once, in their order.
func hosts(lines []Line) []string {
	var all []string
	for i := range lines {
		if !slices.Contains(all, lines[i].Host) {
			all = append(all, lines[i].Host)
		}
	}
	return all
}

// quoted is a text as a YAML scalar in single quotes, which take everything but
// themselves as it is.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
