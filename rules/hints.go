package rules

// PathHints are the headers by which proxies tell a server which path a request
// had before a rewrite, or under which one the server is mounted. Many servers
// route by them whoever sent them. Proxies in front of ours set them on honest
// requests, so such a request is not denied; but on its way to the upstream it
// loses them, for the decision was about the path.
func PathHints() []string {
	return []string{
		"x-original-url", "x-rewrite-url", "x-envoy-original-path", "x-original-uri",
		"x-forwarded-uri", "x-forwarded-path", "x-forwarded-prefix", "x-script-name", "script-name", "path-info",
	}
}
