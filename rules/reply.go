package rules

// Reply says which JSON-RPC request a denial answers. The zero Reply is none.
type Reply struct {
	ID   string // of the request, as JSON text
	Calm bool   // with HTTP status 200, for clients that end their session at any other
}
