package extauthz

import "testing"

func TestLoopback(t *testing.T) {
	for _, address := range []string{"127.0.0.1:1", "127.8.9.10:1", "[::1]:1", "localhost:1"} {
		if !Loopback(address) {
			t.Errorf("%q is none", address)
		}
	}
	for _, address := range []string{
		"0.0.0.0:1", ":1", "[::]:1", "10.0.0.1:1", "[::ffff:10.0.0.1]:1", "tiergate:1", "localhost.example.com:1", "127.0.0.1.example.com:1",
		"LOCALHOST:1", "127.0.0.1", "::1", "", "unix:/run/tiergate.sock",
	} {
		if Loopback(address) {
			t.Errorf("%q is one", address)
		}
	}
}
