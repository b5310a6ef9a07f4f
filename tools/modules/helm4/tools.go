//go:build tools

// Package tools pins the version and checksums of Helm 4.
package tools

import _ "helm.sh/helm/v4/cmd/helm"
