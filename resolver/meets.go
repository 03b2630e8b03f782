package resolver

import "strings"

// Meets reports whether a request of this line may be one of another's, which need not
// be of the same version of the map, or may be in doubt between the two: where one of
// them goes, the other may have its requests. Case and a slash at the end tell nothing
// apart. It may say so of lines that share nothing.
func (op *Operation) Meets(other *Operation) bool {
	switch {
	case !HostsMeet(op.Host, other.Host):
		return false
	case op.onEndpoint() || other.onEndpoint(): // calls of one endpoint; all but resources are told apart by their names
		return op.Protocol == other.Protocol && (op.Template == other.Template || strings.Contains(op.Template+other.Template, "{"))
	}
	if _, methods := relateMethods(op, other); !methods {
		return false
	}
	if op.EncodedSlash || other.EncodedSlash { // who takes it for a slash reads another number of segments
		return true
	}
	_, overlap := relatePaths(withoutSlash(foldAll(op.segments)), withoutSlash(foldAll(other.segments)))
	return overlap
}

// HostsMeet reports whether two hosts of a map, either of which may be *.NAME, have a
// host of requests in common.
func HostsMeet(a, b string) bool {
	under := func(name, wild string) bool {
		suffix, is := strings.CutPrefix(wild, "*")
		return is && strings.HasSuffix(name, suffix)
	}
	return a == b || under(a, b) || under(b, a)
}
