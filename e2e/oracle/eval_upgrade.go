package oracle

import (
	"net/http"
	"slices"
	"strings"
)

// route is section 2 of a request that may ask to become a WebSocket. A proxy that
// was not told of upgrades refuses them itself.
func (e *evaluation) route() string {
	asks, named := e.req.header("upgrade"), false
	for _, c := range e.req.header("connection") {
		named = named || slices.Contains(strings.Split(strings.ToLower(c), ", "), "upgrade")
	}
	if len(asks) == 0 && !named {
		return e.match()
	}
	other := slices.ContainsFunc(asks, func(protocol string) bool { return !strings.EqualFold(protocol, "websocket") })
	body, _ := e.sent()
	if len(asks) == 0 || !named || other || body != "" || e.req.Method != http.MethodGet {
		return "upgrade_not_supported"
	}
	if e.match() != "" || e.line.Stream == 0 {
		return "upgrade_not_supported"
	}
	e.reach("stream: a WebSocket")
	e.out.Stream = e.line.Stream
	return ""
}
