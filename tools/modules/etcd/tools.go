//go:build tools

// Package tools pins the version and checksums of etcd.
package tools

import _ "go.etcd.io/etcd/server/v3"
