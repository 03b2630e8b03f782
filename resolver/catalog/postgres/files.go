package postgres

import (
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// files are the keys of a DSN whose values are files.
var files = []string{"sslrootcert", "sslcert", "sslkey", "passfile"}

// setting is a key with its value in a DSN of the form "key=value …", where a value is
// quoted or has no space, and a backslash takes the meaning from what follows.
var setting = regexp.MustCompile(`(?s)([^\s=]+)\s*=\s*('(?:\\.|[^'\\])*'|(?:\\.|[^\s\\'])(?:\\.|[^\s\\])*|)`)

// beneath returns a DSN in which the files that are named relatively are those of a
// folder, whatever folder the process runs in. What is no DSN stays as it is.
func beneath(dir, dsn string) string {
	if dir == "" {
		return dsn
	}
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return setting.ReplaceAllStringFunc(dsn, func(whole string) string {
			parts := setting.FindStringSubmatch(whole)
			path, relative := within(dir, parts[1], unquoted(parts[2]))
			if !relative {
				return whole
			}
			return parts[1] + "='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(path) + "'"
		})
	}
	address, query, some := strings.Cut(dsn, "?")
	if !some {
		return dsn
	}
	pairs := strings.Split(query, "&")
	for i, p := range pairs {
		key, value, _ := strings.Cut(p, "=")
		key, errKey := url.QueryUnescape(key)
		value, errValue := url.QueryUnescape(value)
		if path, relative := within(dir, key, value); relative && errKey == nil && errValue == nil {
			pairs[i] = key + "=" + strings.ReplaceAll(url.QueryEscape(path), "+", "%20")
		}
	}
	return address + "?" + strings.Join(pairs, "&")
}

// within is the path of a file that a key names relatively.
func within(dir, key, value string) (path string, relative bool) {
	if !slices.Contains(files, key) || value == "" || filepath.IsAbs(value) || key == "sslrootcert" && value == "system" {
		return "", false
	}
	return filepath.Join(dir, value), true
}

// unquoted is a value of the form "key=value" as it is meant.
func unquoted(value string) string {
	if strings.HasPrefix(value, "'") {
		value = value[1 : len(value)-1]
	}
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] == '\\' && i+1 < len(value) {
			i++
		}
		b.WriteByte(value[i])
	}
	return b.String()
}
