package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/regular"
)

// config is tiergate.yaml as written. docs/configuration.md documents every key.
type config struct {
	Listen struct {
		GRPC  []grpcListen     `yaml:"grpc"`
		Admin rules.At[string] `yaml:"admin"`
		Probe rules.At[string] `yaml:"probe"`
		Pprof bool             `yaml:"pprof"`
	} `yaml:"listen"`
	Rules        rules.Strings                      `yaml:"rules"`
	StateDir     rules.At[string]                   `yaml:"state_dir"`
	Guard        *rulesGuardConfig                  `yaml:"guard"`
	Issuers      []issuerConfig                     `yaml:"issuers"`
	Origins      rules.Entries[rules.At[string]]    `yaml:"origins"`
	Peer         peerConfig                         `yaml:"peer"`
	Catalogs     rules.EntriesOrNone[catalogConfig] `yaml:"catalogs"`
	Cache        cacheConfig                        `yaml:"cache"`
	Headers      headersConfig                      `yaml:"headers"`
	ClientIP     clientIPConfig                     `yaml:"client_ip"`
	Audit        auditConfig                        `yaml:"audit"`
	Limits       limitsConfig                       `yaml:"limits"`
	Drain        drainConfig                        `yaml:"drain"`
	ExposeReason bool                               `yaml:"expose_reason"`
	Revocations  revocationsConfig                  `yaml:"revocations"`
	Control      controlConfig                      `yaml:"control"`

	ResourceMetadata rules.At[string] `yaml:"resource_metadata"`

	dir  string // of the file: relative paths start here
	file rules.File
	node *rules.Node // the file with what the environment replaced

	server bool // for the server, which says what is in force, and so writes it down
}

type grpcListen struct {
	Pos     rules.Pos
	Address rules.At[string] `yaml:"address"`
	Serves  rules.Strings    `yaml:"serves"`
	TLS     *tlsConfig       `yaml:"tls"`
}

type tlsConfig struct {
	Pos        rules.Pos
	Cert       rules.At[string] `yaml:"cert"`
	Key        rules.At[string] `yaml:"key"`
	ClientCA   rules.At[string] `yaml:"client_ca"`
	ClientSANs rules.Strings    `yaml:"client_sans"`
}

// LaterKeys implements rules.Later: other ways to know a caller, or that one is
// no longer to be trusted, than a signed token and our own revocations.
func (issuerConfig) LaterKeys() []string {
	return []string{"introspection", "ssf", "caep", "status_list", "api_keys"}
}

// LaterKeys implements rules.Later.
func (config) LaterKeys() []string { return []string{"introspection", "ssf", "caep", "api_keys"} }

type issuerConfig struct {
	Pos          rules.Pos
	Name         rules.At[string]                      `yaml:"name"`
	Issuer       rules.At[string]                      `yaml:"issuer"`
	TrustDomain  rules.At[string]                      `yaml:"trust_domain"`
	Audience     rules.Strings                         `yaml:"audience"`
	JWKS         jwksConfig                            `yaml:"jwks"`
	Algorithms   rules.Strings                         `yaml:"algorithms"`
	Profile      rules.At[string]                      `yaml:"profile"`
	MayAssert    rules.EntriesOrNone[rules.KindDecl]   `yaml:"may_assert"`
	Claims       rules.EntriesOrNone[rules.Strings]    `yaml:"claims"`
	Fixed        rules.EntriesOrNone[rules.At[string]] `yaml:"fixed"`
	PurposeClaim rules.At[string]                      `yaml:"purpose"`
	ClientClaim  rules.At[string]                      `yaml:"client"`
	ScopeClaim   rules.At[string]                      `yaml:"scopes"`
	OneAudience  bool                                  `yaml:"single_audience"`
	MaxLifetime  rules.At[time.Duration]               `yaml:"max_lifetime"`
	MaxAge       rules.At[time.Duration]               `yaml:"max_age"`
	Skew         rules.At[time.Duration]               `yaml:"skew"`
	Required     bool                                  `yaml:"required"`
	RequireBound rules.At[string]                      `yaml:"require_bound"`
	DPoP         *dpopConfig                           `yaml:"dpop"`
	Subjects     *subjectsConfig                       `yaml:"subjects"`
}

type jwksConfig struct {
	Pos       rules.Pos
	URL       rules.At[string] `yaml:"url"`
	Discovery bool             `yaml:"discovery"`
	File      rules.At[string] `yaml:"file"`
	Bundle    rules.At[bool]   `yaml:"bundle"`
	AllowHTTP bool             `yaml:"allow_http"`
	Refresh   time.Duration    `yaml:"refresh"`
	MaxStale  time.Duration    `yaml:"max_stale"`
	CA        rules.At[string] `yaml:"ca"`
	Proxy     rules.At[string] `yaml:"proxy"`

	EmptyKeySet rules.At[string] `yaml:"empty_key_set"`
}

type revocationsConfig struct {
	Pos  rules.Pos
	File rules.At[string] `yaml:"file"`
}

// controlConfig says where operators change what the server knows; not at all
// when it is not there.
type controlConfig struct {
	Pos     rules.Pos
	Socket  rules.At[string] `yaml:"socket"`
	Address rules.At[string] `yaml:"address"`
	TLS     *tlsConfig       `yaml:"tls"`
}

type catalogConfig struct {
	Pos    rules.Pos
	File   rules.At[string] `yaml:"file"`
	MaxAge time.Duration    `yaml:"max_age"`
	Guard  *guardConfig     `yaml:"guard"`

	Postgres *postgresConfig `yaml:"postgres"`
	SQLite   *sqliteConfig   `yaml:"sqlite"`
	HTTP     *webConfig      `yaml:"http"`

	name string // of the catalog
}

type cacheConfig struct {
	Objects    rules.At[int]            `yaml:"objects"`
	Bytes      rules.At[size]           `yaml:"bytes"`
	TTL        map[string]time.Duration `yaml:"ttl"`
	MaxStale   map[string]time.Duration `yaml:"max_stale"`
	Tokens     rules.At[int]            `yaml:"tokens"`
	TokenBytes rules.At[size]           `yaml:"token_bytes"`
}

type headersConfig struct {
	Managed rules.StringsOrNone `yaml:"managed"`
}

type clientIPConfig struct {
	From rules.At[string] `yaml:"from"`
	Hops rules.At[int]    `yaml:"hops"`
}

type auditConfig struct {
	File   rules.At[string] `yaml:"file"`
	Mode   rules.At[string] `yaml:"mode"`
	Buffer rules.At[int]    `yaml:"buffer"`
}

type limitsConfig struct {
	Deadline rules.At[string] `yaml:"deadline"`
	InFlight rules.At[int]    `yaml:"in_flight"`
	Body     rules.At[size]   `yaml:"body"`
}

type drainConfig struct {
	Wait    rules.At[time.Duration] `yaml:"wait"`
	Timeout rules.At[time.Duration] `yaml:"timeout"`
}

// maxConfig is how long tiergate.yaml may be, in bytes.
const maxConfig = 1 << 20

// loadConfig reads tiergate.yaml. Its mistakes come back all together, as
// rules.Mistakes; an unreadable file is another error.
func loadConfig(path string) (*config, error) {
	text, err := regular.ReadFile(path, maxConfig)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return parseConfig(path, text)
}

// parseConfig reads what the file at path says. The configuration comes back even
// with an error, as far as it could be read.
func parseConfig(path string, text []byte) (*config, error) {
	c := &config{dir: filepath.Dir(path), file: rules.File{Path: path, Text: string(text)}}
	n, ms := rules.ParseYAML(path, text)
	if n != nil {
		overrideFromEnv(n, c, os.LookupEnv)
		d := rules.Decoder{Mistakes: ms}
		d.Into(n, c)
		c.node = n
		ms = d.Mistakes
		checkEnv(os.Environ(), &ms)
		c.check(&ms)
	}
	return c, ms.Err()
}

// path makes a path of the configuration absolute or relative to its file.
func (c *config) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.dir, p)
}
