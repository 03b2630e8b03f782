package main

import (
	"reflect"

	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/shape"
)

// configShape is what tiergate.yaml may hold.
func configShape() shape.Shape {
	b := shape.Builder{About: func(t reflect.Type, key string) (string, []string) { return configWords[t][key], nil }}
	return b.Of(reflect.TypeFor[config]())
}

// Shape implements shape.Shaped.
func (size) Shape(*shape.Builder) shape.Shape {
	return shape.Shape{Scalar: &shape.Scalar{Types: []string{"integer", "string"}, Pattern: `^[0-9]+(B|KiB|MiB)?$`}}
}

// Shape implements shape.Shaped.
func (share) Shape(*shape.Builder) shape.Shape {
	return shape.Shape{Scalar: &shape.Scalar{Types: []string{"string"}, Pattern: `^[0-9.]+%$`}}
}

// Shape implements shape.Shaped.
func (columnsConfig) Shape(b *shape.Builder) shape.Shape {
	return b.Of(reflect.TypeFor[rules.Strings]()).Or(b.Of(reflect.TypeFor[rules.Entries[rules.At[string]]]()))
}

// configWords are in one sentence what keys are for; docs/configuration.md says
// more, and has the defaults.
var configWords = map[reflect.Type]map[string]string{
	reflect.TypeFor[config](): {
		"listen":            "Where Envoy asks, and where the server answers about itself.",
		"rules":             "The rules directories.",
		"guard":             "Which new rules wait until they are accepted.",
		"state_dir":         "What survives a restart: last good rules and key sets, revocations.",
		"issuers":           "Whose tokens count.",
		"origins":           "Public origins of hosts, for what their clients sign.",
		"peer":              "Which workloads count that Envoy's peers say they are.",
		"catalogs":          "Where rows of objects come from.",
		"cache":             "How many rows and tokens are kept, and for how long.",
		"headers":           "The headers that the upstream may believe.",
		"client_ip":         "Where the client's address is read.",
		"audit":             "Where decisions are recorded.",
		"limits":            "How long, how many at once, how large.",
		"drain":             "How the server ends.",
		"expose_reason":     "Denials say their reason to the caller.",
		"revocations":       "A file of what is revoked.",
		"control":           "Where tiergate revoke is heard.",
		"resource_metadata": "The URL of the protected resource's metadata, for challenges.",
	},
	reflect.TypeFor[grpcListen](): {
		"address": "host:port, or unix:/path.",
		"serves":  "The hosts that this listener answers for.",
		"tls":     "Certificates; off loopback there must be some.",
	},
	reflect.TypeFor[issuerConfig](): {
		"name":            "How rules name it.",
		"issuer":          "The exact iss of its tokens.",
		"trust_domain":    "For JWT-SVIDs: whose workloads its tokens name.",
		"audience":        "One of these must be in aud.",
		"jwks":            "Where its keys are.",
		"algorithms":      "With which its tokens may be signed.",
		"profile":         "What its tokens are made for.",
		"may_assert":      "Claims that rules may read, with their kinds.",
		"claims":          "Where tokens have these claims.",
		"fixed":           "Claims that hold whatever its tokens say.",
		"purpose":         "The claim that holds the purpose.",
		"client":          "The claim that holds the client.",
		"scopes":          "The claim that holds the scopes.",
		"single_audience": "Tokens with other audiences besides are refused.",
		"max_lifetime":    "How long tokens may live.",
		"max_age":         "How long ago tokens may have been issued.",
		"skew":            "How far its clock may be from ours.",
		"required":        "Not ready before its keys were there once.",
		"require_bound":   "How its tokens must be bound: mtls, dpop or any.",
		"dpop":            "What proofs of possession must be.",
		"subjects":        "A catalog that says who its subjects are.",
	},
	reflect.TypeFor[jwksConfig](): {
		"url":           "Of a key set.",
		"discovery":     "The issuer's metadata says where.",
		"file":          "Of a key set.",
		"bundle":        "The bundle of its trust domain.",
		"allow_http":    "http from loopback.",
		"refresh":       "The longest time between fetches.",
		"max_stale":     "How long keys serve that the issuer no longer confirms.",
		"ca":            "PEM file of the authorities to trust.",
		"proxy":         "http://host:port to tunnel through.",
		"empty_key_set": "keep or withdraw: what an empty key set does.",
	},
	reflect.TypeFor[catalogConfig](): {
		"file":     "CSV, JSONL or YAML.",
		"max_age":  "How old the file may be.",
		"guard":    "Which versions of the file wait until they are accepted.",
		"postgres": "Rows of a database.",
		"sqlite":   "Rows of a file that is larger than memory.",
		"http":     "Rows of an API.",
	},
}
