//go:build tools

// Package tools pins the version and checksums of helm.
package tools

import _ "helm.sh/helm/v3/cmd/helm"
