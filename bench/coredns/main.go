// SPDX-License-Identifier: MIT

// CoreDNS with the plugins that a comparison needs: it forwards, and keeps answers where it is told to.
package main

import (
	_ "github.com/coredns/caddy/onevent"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/forward"
)

func main() {
	dnsserver.Directives = []string{"bind", "cache", "forward"}
	coremain.Run()
}
