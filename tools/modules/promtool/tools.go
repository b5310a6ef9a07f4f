//go:build tools

// Package tools pins the version and checksums of promtool.
package tools

import _ "github.com/prometheus/prometheus/cmd/promtool"
