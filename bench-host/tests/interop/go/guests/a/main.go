//go:build wasip1

// A plugin as Go's SDK of generation A builds them.
package main

import (
	"reglet.dev/interop/guests/probe"
	"reglet.dev/interop/guests/sdk"
)

func init() { sdk.Register(sdk.Dialect{ConfigIsMap: true}, probe.Check) }

//go:wasmexport describe
func describe() uint64 {
	return sdk.Document(sdk.Metadata{
		Name: "probe-a", Version: "1.0.0", Description: "Does <what> it is told & no more",
		SDKVersion: "0.1.0-alpha", MinHostVersion: "0.2.0",
		Capabilities: []sdk.Capability{{Kind: "network:outbound", Pattern: "127.0.0.1:443"}},
	})
}

//go:wasmexport schema
func schema() uint64 { return sdk.Bytes([]byte(probe.Schema)) }

//go:wasmexport observe
func observe(ptr, size uint32) uint64 { return sdk.Observe(ptr, size) }

func main() {}
