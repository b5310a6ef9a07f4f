//go:build tools

// Package tools pins the version and checksums of glua.
package tools

import _ "github.com/yuin/gopher-lua/cmd/glua"
