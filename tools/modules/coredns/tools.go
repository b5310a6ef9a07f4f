//go:build tools

// Package tools pins the version and checksums of CoreDNS.
package tools

import _ "github.com/coredns/coredns"
