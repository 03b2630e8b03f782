package policy

import (
	"log/slog"
)

// tellLost warns of what the version before had and this one has not, where
// that can let more requests through: a file that was deleted by mistake, or
// rewritten by a writer who stopped half-way, leaves rules that load.
func (l *Live) tellLost(old, next *Policy) {
	files, denials := missing(fileNames(old), fileNames(next)), missing(denials(old), denials(next))
	if len(files) == 0 && len(denials) == 0 {
		return
	}
	l.o.Log.Warn("rules went away", slog.String("policy", next.Hash), slog.Any("files", files), slog.Any("deny_rules", denials))
}

func fileNames(p *Policy) (names []string) {
	for _, f := range p.source.Files {
		names = append(names, f.Path)
	}
	return names
}

// denials are the ids of the deny rules that are in force.
func denials(p *Policy) (ids []string) {
	for i := range p.source.Rules {
		if d := &p.source.Rules[i]; len(d.Deny.List) > 0 && d.Mode.V != "shadow" {
			ids = append(ids, d.ID.V)
		}
	}
	return ids
}

func missing(before, now []string) []string {
	gone, there := []string{}, make(map[string]bool, len(now))
	for _, name := range now {
		there[name] = true
	}
	for _, name := range before {
		if !there[name] {
			gone = append(gone, name)
		}
	}
	return gone
}
