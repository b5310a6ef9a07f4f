//go:build tools

// Package tools pins the version and checksums of kustomize.
package tools

import _ "sigs.k8s.io/kustomize/kustomize/v5"
