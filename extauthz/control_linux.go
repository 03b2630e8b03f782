package extauthz

import (
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// userOf names the user at the other end of a Unix connection, as the system
// knows it.
func userOf(c *net.UnixConn) string {
	who := "the socket's user"
	raw, err := c.SyscallConn()
	if err != nil {
		return who
	}
	_ = raw.Control(func(fd uintptr) {
		if cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			who = fmt.Sprintf("uid %d", cred.Uid)
		}
	})
	return who
}
