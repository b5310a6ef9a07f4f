//go:build tools

// Package tools pins the oldest Kubernetes API that Patchgen is run against: the
// server and the client. Controllers and nodes are those of the newest release.
package tools

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
