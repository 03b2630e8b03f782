package main

import (
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

func TestHostsThatNoListenerServes(t *testing.T) {
	for _, c := range []struct{ served, host, want string }{
		{"api.example.com", "api.example.com", ""},
		{"api.example.com", "apl.example.com", `a.yaml:2:9: no listener serves "apl.example.com", so its lines are for nobody`},
		{"*.example.com", "api.example.com", ""},
		{"*.example.com", "example.com", "no listener"},
		{"*.example.com", "*.eu.example.com", ""},
		{"*.eu.example.com", "*.example.com", ""},
		{"a.eu.example.com", "*.example.com", ""},
		{"example.com", "*.example.com", "no listener"},
		{"web.example.com api.example.com", "api.example.com", ""},
	} {
		conf := &config{}
		for name := range strings.FieldsSeq(c.served) { // each by a listener of its own
			conf.Listen.GRPC = append(conf.Listen.GRPC, grpcListen{Serves: rules.Strings{{V: name}}})
		}
		host := rules.HostDecl{Host: rules.At[string]{Pos: rules.Pos{File: "a.yaml", Line: 2, Col: 9}, V: c.host}}
		odd := conf.unserved(&rules.Source{Routes: []rules.HostDecl{host, host}})
		if len(odd) > 1 || (len(odd) == 1) != (c.want != "") || c.want != "" && !strings.Contains(odd.Err().Error(), c.want) {
			t.Errorf("%s where %s is served: got %v, want %q once", c.host, c.served, odd, c.want)
		}
	}
}
